package io.weir.tls;

import java.nio.ByteBuffer;

import io.weir.connection.BufferPool;

/**
 * The buffers of encrypted and left-over bytes, shared by the connections of a server. On
 * the heap: the JDK's engine encrypts and decrypts in place, and a direct buffer in
 * pieces through arrays, which costs more than the one copy to or from the socket.
 */
final class TlsBuffers {

	/**
	 * For a connection that waits: enough for a handshake's messages and small records.
	 */
	static final int SMALL = 2 * 1024;

	/**
	 * For three of the largest records, so that bulk data takes few system calls; also
	 * more than the 33 KB that the JDK may ask for at once.
	 */
	static final int LARGE = 64 * 1024;

	private final BufferPool small = new BufferPool(SMALL, 4096, ByteBuffer::allocate);

	private final BufferPool large = new BufferPool(LARGE, 64, ByteBuffer::allocate);

	BufferPool small() {
		return this.small;
	}

	BufferPool large() {
		return this.large;
	}

}
