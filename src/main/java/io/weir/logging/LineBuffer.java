package io.weir.logging;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.ToIntFunction;

import org.jspecify.annotations.Nullable;

/**
 * Lines on their way from any thread to one that writes them. Adding a line takes no lock
 * and never waits: a line that does not fit is dropped and counted.
 * <p>
 * Once a line was dropped, all are until half of the buffer is free. One line that says
 * how many were dropped takes their place in the order.
 *
 * @param <T> a line, made or still to be made
 */
final class LineBuffer<T> {

	// An array's header and a queue's node
	private static final int OVERHEAD = 48;

	private final long capacity;

	private final ToIntFunction<T> length;

	private final LongFunction<T> droppedLine;

	// Lines, and Dropped
	private final ConcurrentLinkedQueue<Object> queue = new ConcurrentLinkedQueue<>();

	private final AtomicLong size = new AtomicLong();

	// Those that no line tells of yet
	private final AtomicLong dropped = new AtomicLong();

	private volatile boolean closed;

	private volatile boolean waiting;

	private volatile @Nullable Thread writer;

	/**
	 * Creates an empty buffer.
	 * @param capacity in bytes
	 * @param length a line's, in bytes
	 * @param droppedLine makes the line that says how many were dropped
	 */
	LineBuffer(long capacity, ToIntFunction<T> length, LongFunction<T> droppedLine) {
		this.capacity = capacity;
		this.length = length;
		this.droppedLine = droppedLine;
	}

	/**
	 * Whether the next line is dropped whatever its length. It is counted then, and need
	 * not be made.
	 */
	boolean drops() {
		if (this.dropped.get() > 0 && this.size.get() > this.capacity / 2) {
			drop();
			return true;
		}
		return false;
	}

	/**
	 * Adds a line, or drops it if there is no room. A line longer than the whole buffer
	 * fits an empty one.
	 */
	void add(T line) {
		if (drops()) {
			return;
		}
		addDropped();
		int length = this.length.applyAsInt(line) + OVERHEAD;
		long now = this.size.addAndGet(length);
		if (now > this.capacity && now > length) {
			this.size.addAndGet(-length);
			drop();
		}
		else {
			this.queue.add(line);
			wakeUp();
		}
	}

	private void drop() {
		this.dropped.incrementAndGet();
		wakeUp();
	}

	private void addDropped() {
		long count = (this.dropped.get() > 0) ? this.dropped.getAndSet(0) : 0;
		if (count > 0) {
			this.queue.add(new Dropped(count));
		}
	}

	/**
	 * Takes lines in order, as many as there are; waits for the first one. Only one
	 * thread may call this.
	 * @param target gets each line
	 * @param max ends at the line that brings the target to so many bytes
	 * @return whether there were lines; false once the buffer is closed and empty
	 */
	boolean take(Consumer<T> target, int max) {
		this.writer = Thread.currentThread();
		int taken = 0;
		while (taken < max) {
			Object next = this.queue.poll();
			if (next != null) {
				taken += give(next, target);
			}
			else if (taken > 0) {
				return true;
			}
			else {
				// Perhaps no thread logs any more
				addDropped();
				if (this.queue.isEmpty() && this.closed) {
					return false;
				}
				await();
			}
		}
		return true;
	}

	@SuppressWarnings("unchecked")
	private int give(Object next, Consumer<T> target) {
		if (next instanceof Dropped(long count)) {
			T line = this.droppedLine.apply(count);
			target.accept(line);
			return this.length.applyAsInt(line);
		}
		T line = (T) next;
		int length = this.length.applyAsInt(line);
		try {
			target.accept(line);
		}
		finally {
			this.size.addAndGet(-(length + OVERHEAD));
		}
		return length;
	}

	private void await() {
		this.waiting = true;
		if (this.queue.isEmpty() && this.dropped.get() == 0 && !this.closed) {
			LockSupport.park(this);
		}
		this.waiting = false;
	}

	private void wakeUp() {
		if (this.waiting) {
			LockSupport.unpark(this.writer);
		}
	}

	/**
	 * Whether all lines were taken and written: the writer waits for the next one.
	 */
	boolean isIdle() {
		return this.waiting && this.queue.isEmpty() && this.dropped.get() == 0;
	}

	/**
	 * Lets {@link #take} end after the lines that are there.
	 */
	void close() {
		this.closed = true;
		LockSupport.unpark(this.writer);
	}

	private record Dropped(long count) {
	}

}
