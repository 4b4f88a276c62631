package io.weir.transport;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

import org.jspecify.annotations.Nullable;

/**
 * Buffers that are used again: allocating a direct one costs as much as a short
 * connection. Of three sizes; the large ones take at most an eighth of what the heap may
 * grow to, which is also the JVM's limit for direct buffers. Safe for any thread.
 */
public final class BufferPool {

	/**
	 * For a connection through which little comes at once: 2 KiB.
	 */
	public static final int SMALL = 2 * 1024;

	/**
	 * For one TLS record of any size: the JDK's engine wants room for 16,709 bytes, what
	 * the largest has in TLS 1.2 (RFC 5246, 6.2.3).
	 */
	public static final int MEDIUM = 17 * 1024;

	private static final int LARGE_DIRECT = 128 * 1024;

	// The JDK copies a heap buffer on its way to the socket, and keeps the copy's buffer
	private static final int LARGE_HEAP = 64 * 1024;

	private final IntFunction<ByteBuffer> allocator;

	private final int largeSize;

	private final Free small = new Free(4096);

	private final Free medium = new Free(256);

	private final Free large = new Free(64);

	// A connection that falls silent after much has come may keep its large buffer
	private final Semaphore largeAllowed;

	BufferPool(IntFunction<ByteBuffer> allocator, int largeSize, long maxBytesOfLarge) {
		this.allocator = allocator;
		this.largeSize = largeSize;
		this.largeAllowed = new Semaphore((int) Math.min(maxBytesOfLarge / largeSize, Integer.MAX_VALUE));
	}

	/**
	 * Creates an empty pool of direct buffers, for a socket's bytes.
	 */
	public static BufferPool direct() {
		return new BufferPool(ByteBuffer::allocateDirect, LARGE_DIRECT, Runtime.getRuntime().maxMemory() / 8);
	}

	/**
	 * Creates an empty pool of heap buffers, for bytes that are encrypted or decrypted:
	 * the JDK's engine takes a direct buffer to pieces through arrays.
	 */
	public static BufferPool heap() {
		return new BufferPool(ByteBuffer::allocate, LARGE_HEAP, Runtime.getRuntime().maxMemory() / 8);
	}

	/**
	 * Takes a buffer, or a new one.
	 * @param least how many bytes it must have room for; of more than {@link #MEDIUM} it
	 * is allocated each time
	 * @return cleared; what it holds is left over
	 */
	public ByteBuffer take(int least) {
		if (least <= SMALL) {
			return take(this.small, SMALL);
		}
		if (least <= MEDIUM) {
			return take(this.medium, MEDIUM);
		}
		// By its size it must not be taken for one of those that are counted
		return this.allocator.apply((least == this.largeSize) ? least + 1 : least);
	}

	private ByteBuffer take(Free free, int size) {
		ByteBuffer buffer = free.poll();
		return (buffer != null) ? buffer.clear() : this.allocator.apply(size);
	}

	/**
	 * Takes a buffer for bulk data, 64 KiB on the heap and else 128 KiB.
	 * @return null if there are as many as there may be
	 */
	public @Nullable ByteBuffer tryLarge() {
		if (!this.largeAllowed.tryAcquire()) {
			return null;
		}
		try {
			return take(this.large, this.largeSize);
		}
		catch (OutOfMemoryError ex) {
			this.largeAllowed.release();
			throw ex;
		}
	}

	/**
	 * Gives a buffer back.
	 * @param buffer one of this pool, not used any more
	 */
	public void give(ByteBuffer buffer) {
		int capacity = buffer.capacity();
		if (capacity == SMALL) {
			this.small.offer(buffer);
		}
		else if (capacity == MEDIUM) {
			this.medium.offer(buffer);
		}
		else if (capacity == this.largeSize) {
			this.large.offer(buffer);
			this.largeAllowed.release();
		}
	}

	/**
	 * The unused buffers of one size, up to a number.
	 */
	private static final class Free {

		private final int max;

		private final ConcurrentLinkedQueue<ByteBuffer> buffers = new ConcurrentLinkedQueue<>();

		private final AtomicInteger count = new AtomicInteger();

		private Free(int max) {
			this.max = max;
		}

		private @Nullable ByteBuffer poll() {
			ByteBuffer buffer = this.buffers.poll();
			if (buffer != null) {
				this.count.decrementAndGet();
			}
			return buffer;
		}

		private void offer(ByteBuffer buffer) {
			if (this.count.incrementAndGet() <= this.max) {
				this.buffers.add(buffer);
			}
			else {
				this.count.decrementAndGet();
			}
		}

	}

}
