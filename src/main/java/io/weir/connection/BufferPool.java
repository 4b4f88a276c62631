package io.weir.connection;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * Buffers of one size, used again: allocating a direct one costs as much as a short
 * connection. Safe for any thread.
 */
public final class BufferPool {

	private final int size;

	private final int most;

	private final ConcurrentLinkedQueue<ByteBuffer> free = new ConcurrentLinkedQueue<>();

	private final IntFunction<ByteBuffer> allocator;

	private final AtomicInteger count = new AtomicInteger();

	/**
	 * Creates an empty pool of direct buffers, for sockets.
	 * @param size bytes of each buffer
	 * @param most how many unused buffers it keeps
	 */
	public BufferPool(int size, int most) {
		this(size, most, ByteBuffer::allocateDirect);
	}

	/**
	 * Creates an empty pool.
	 * @param size bytes of each buffer
	 * @param most how many unused buffers it keeps
	 * @param allocator makes one of a size
	 */
	public BufferPool(int size, int most, IntFunction<ByteBuffer> allocator) {
		this.size = size;
		this.most = most;
		this.allocator = allocator;
	}

	/**
	 * Takes a buffer out of the pool, or a new one.
	 * @return cleared; what it holds is left over
	 */
	public ByteBuffer take() {
		ByteBuffer buffer = this.free.poll();
		if (buffer == null) {
			return this.allocator.apply(this.size);
		}
		this.count.decrementAndGet();
		return buffer.clear();
	}

	/**
	 * Gives a buffer back.
	 * @param buffer a buffer of this pool, not used any more
	 */
	public void give(ByteBuffer buffer) {
		if (this.count.incrementAndGet() <= this.most) {
			this.free.add(buffer);
		}
		else {
			this.count.decrementAndGet();
		}
	}

}
