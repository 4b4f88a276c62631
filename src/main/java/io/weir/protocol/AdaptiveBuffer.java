package io.weir.protocol;

import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;

import io.weir.connection.BufferPool;

/**
 * The buffer of one connection: small while little comes at once, large while much does.
 * Thousands of idle connections then cost little memory, and bulk transfer few system
 * calls. Used by the connection's thread alone.
 */
final class AdaptiveBuffer implements AutoCloseable {

	/**
	 * The two sizes, shared by the connections of a handler.
	 */
	static final class Pools {

		private static final int SMALL = 2 * 1024;

		private static final int LARGE = 128 * 1024;

		private final BufferPool small;

		private final BufferPool large;

		// A connection that falls silent after much has come keeps its large buffer
		private final Semaphore largeAllowed;

		/**
		 * Creates empty pools. Large buffers take at most an eighth of what the heap may
		 * grow to, which is also the JVM's limit for direct buffers.
		 * @param least how many bytes a buffer must have at least
		 */
		Pools(int least) {
			this(least, Runtime.getRuntime().maxMemory() / 8);
		}

		/**
		 * Creates empty pools.
		 * @param least how many bytes a buffer must have at least
		 * @param mostOfLarge how many bytes the large buffers may have together
		 */
		Pools(int least, long mostOfLarge) {
			int size = Math.max(LARGE, least);
			this.small = new BufferPool(Math.max(SMALL, least), 4096);
			this.large = new BufferPool(size, 64);
			this.largeAllowed = new Semaphore((int) Math.min(mostOfLarge / size, Integer.MAX_VALUE));
		}

		private boolean tryTakeLarge() {
			return this.largeAllowed.tryAcquire();
		}

		private ByteBuffer take(BufferPool pool) {
			try {
				return pool.take();
			}
			catch (OutOfMemoryError ex) {
				if (pool == this.large) {
					this.largeAllowed.release();
				}
				throw ex;
			}
		}

		private void give(BufferPool pool, ByteBuffer buffer) {
			pool.give(buffer);
			if (pool == this.large) {
				this.largeAllowed.release();
			}
		}

	}

	private final Pools pools;

	private BufferPool pool;

	private ByteBuffer buffer;

	AdaptiveBuffer(Pools pools) {
		this.pools = pools;
		this.pool = pools.small;
		this.buffer = this.pool.take();
	}

	/**
	 * The buffer to read into.
	 * @return direct; empty at first
	 */
	ByteBuffer buffer() {
		return this.buffer;
	}

	/**
	 * Chooses the size for the next read: large as far as there are large ones. What the
	 * buffer holds before its position is kept.
	 * @param count how many bytes the last read brought
	 * @return the buffer to read into
	 */
	ByteBuffer fit(int count) {
		BufferPool fitting = (count >= Pools.SMALL) ? this.pools.large : this.pools.small;
		if (fitting != this.pool && (fitting == this.pools.small || this.pools.tryTakeLarge())) {
			ByteBuffer next = this.pools.take(fitting).put(this.buffer.flip());
			this.pools.give(this.pool, this.buffer);
			this.pool = fitting;
			this.buffer = next;
		}
		return this.buffer;
	}

	@Override
	public void close() {
		this.pools.give(this.pool, this.buffer);
	}

}
