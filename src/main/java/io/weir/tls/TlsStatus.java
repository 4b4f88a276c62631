package io.weir.tls;

import org.jspecify.annotations.Nullable;

import io.weir.transport.BufferPool;

/**
 * What protects a server's new connections.
 *
 * @param bundle the name of what the material comes from, for people
 * @param certificate the certificate that they get
 * @param waitingHandshakes how many handshakes compute or wait for a processor to do so
 * @param reloadFailure why the last change of the bundle could not be used; null if it
 * could, or there was none
 */
public record TlsStatus(String bundle, ServerCertificate certificate, int waitingHandshakes,
		@Nullable String reloadFailure) {

	/**
	 * How much of the heap a connection takes at most, but for what all take of the large
	 * buffers: some 14 KB, and three buffers for a record, that of its peer's bytes, of
	 * those that are not answered, and of its own that the peer does not read.
	 */
	private static final long MAX_BYTES_OF_A_CONNECTION = 14 * 1024 + 3 * BufferPool.MEDIUM;

	/**
	 * How many connections half of a heap has room for, whatever their peers do. The
	 * other half is for the large buffers and for all else.
	 * @param heap how many bytes it may grow to
	 */
	public static long connectionsFitting(long heap) {
		return heap / 2 / MAX_BYTES_OF_A_CONNECTION;
	}

}
