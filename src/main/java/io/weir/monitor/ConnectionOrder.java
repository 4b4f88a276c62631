package io.weir.monitor;

import io.weir.kernel.ConnectionDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.TcpInfoField;

/**
 * The orders of the open connections, all downwards.
 */
public enum ConnectionOrder {

	/** Bytes in both directions. */
	BYTES,
	/** Time since it was accepted. */
	AGE,
	/** Time since a byte moved. */
	IDLE,
	/** Smoothed round-trip time; those without one come last. */
	RTT,
	/** Segments sent again; those without a figure come last. */
	RETRANSMITS;

	/**
	 * What a connection is sorted by.
	 * @param observed the connection
	 * @param nanoTime {@link System#nanoTime()}
	 * @return the greatest is the first
	 */
	long key(ObservedConnection observed, long nanoTime) {
		return switch (this) {
			case BYTES -> observed.connection().bytesReceived() + observed.connection().bytesSent();
			// Numbered in the order of their beginning
			case AGE -> -observed.connection().id();
			case IDLE -> nanoTime - observed.connection().progressNanos();
			case RTT -> field(observed.figures(), TcpInfoField.RTT_MICROS);
			case RETRANSMITS -> field(observed.figures(), TcpInfoField.RETRANSMITS);
		};
	}

	private static long field(Reading<ConnectionDiagnostics> reading, TcpInfoField field) {
		return reading.map((figures) -> figures.get(field).orElse(-1)).orElse(-1L);
	}

}
