package io.weir.tls;

import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;

import org.jspecify.annotations.Nullable;

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
	 * For one record of any size: the JDK's engine wants room for 16,709 bytes, what the
	 * largest has in TLS 1.2 (RFC 5246, 6.2.3). It would take larger ones, which the
	 * standard forbids.
	 */
	static final int RECORD = 17 * 1024;

	/**
	 * For three of the largest records, so that bulk data takes few system calls.
	 */
	static final int LARGE = 64 * 1024;

	private final BufferPool small = new BufferPool(SMALL, 4096, ByteBuffer::allocate);

	private final BufferPool record = new BufferPool(RECORD, 256, ByteBuffer::allocate);

	private final BufferPool large = new BufferPool(LARGE, 64, ByteBuffer::allocate);

	// A connection that falls silent after much has come keeps its large buffer
	private final Semaphore largeAllowed;

	/**
	 * Creates empty pools. Large buffers take at most an eighth of what the heap may grow
	 * to.
	 */
	TlsBuffers() {
		this(Runtime.getRuntime().maxMemory() / 8);
	}

	/**
	 * Creates empty pools.
	 * @param mostOfLarge how many bytes the large buffers may have together
	 */
	TlsBuffers(long mostOfLarge) {
		this.largeAllowed = new Semaphore((int) Math.min(mostOfLarge / LARGE, Integer.MAX_VALUE));
	}

	ByteBuffer small() {
		return this.small.take();
	}

	ByteBuffer record() {
		return this.record.take();
	}

	/**
	 * Takes a large buffer.
	 * @return null if there are as many as there may be
	 */
	@Nullable ByteBuffer tryLarge() {
		if (!this.largeAllowed.tryAcquire()) {
			return null;
		}
		try {
			return this.large.take();
		}
		catch (OutOfMemoryError ex) {
			this.largeAllowed.release();
			throw ex;
		}
	}

	/**
	 * Gives a buffer back.
	 * @param buffer one of these pools, not used any more
	 */
	void give(ByteBuffer buffer) {
		switch (buffer.capacity()) {
			case SMALL -> this.small.give(buffer);
			case RECORD -> this.record.give(buffer);
			default -> {
				this.large.give(buffer);
				this.largeAllowed.release();
			}
		}
	}

}
