package io.weir.protocol;

import java.nio.ByteBuffer;

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

		/**
		 * Creates empty pools.
		 * @param least how many bytes a buffer must have at least
		 */
		Pools(int least) {
			this.small = new BufferPool(Math.max(SMALL, least), 4096);
			this.large = new BufferPool(Math.max(LARGE, least), 64);
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
	 * The buffer for the next read.
	 * @return cleared, direct
	 */
	ByteBuffer clear() {
		return this.buffer.clear();
	}

	/**
	 * Chooses the size for the next read; what the buffer holds is lost.
	 * @param count how many bytes the last one brought
	 */
	void fit(int count) {
		BufferPool fitting = (count >= Pools.SMALL) ? this.pools.large : this.pools.small;
		if (fitting != this.pool) {
			ByteBuffer next = fitting.take();
			this.pool.give(this.buffer);
			this.pool = fitting;
			this.buffer = next;
		}
	}

	@Override
	public void close() {
		this.pool.give(this.buffer);
	}

}
