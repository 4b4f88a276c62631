package io.weir.monitor;

import io.weir.connection.Connection;

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
	/** Smoothed round-trip time of the last sample; those without one come last. */
	RTT,
	/** Segments sent again as of the last sample; those without a figure come last. */
	RETRANSMITS,
	/** Slow connections, in the order of the causes; then all others. */
	DIAGNOSIS;

	/**
	 * What a connection is sorted by.
	 * @param nanoTime {@link System#nanoTime()}
	 * @param diagnoses which are slow
	 * @return the greatest is the first
	 */
	long key(Connection connection, long nanoTime, Diagnoses diagnoses) {
		return switch (this) {
			case BYTES -> connection.bytesReceived() + connection.bytesSent();
			// Numbered in the order of their beginning
			case AGE -> -connection.id();
			case IDLE -> nanoTime - connection.progressNanos();
			case RTT -> connection.lastRttMicros();
			case RETRANSMITS -> connection.lastRetransmits();
			case DIAGNOSIS -> diagnoses.rank(connection);
		};
	}

}
