package io.weir.connection;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A {@link Thread#yield()} for virtual threads that share one carrier, which shuts nobody
 * out. A carrier turns to another queue, that of new threads or of those whose bytes have
 * come, only when the one that it is at is empty; threads that yield go back into it, and
 * while they find work each time it never is. So a marker is sent the way of the others:
 * if it does not come through in time, all that yield wait until it does, which empties
 * the queue. Safe for any thread.
 */
final class FairYield {

	// For how long others may have to wait before those that yield wait for them
	private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(2);

	// Between two markers as long as they come through in time
	private static final long REST = TimeUnit.MILLISECONDS.toNanos(10);

	// A sleeper comes back by a queue of its own
	private static final long NAP = TimeUnit.MICROSECONDS.toNanos(20);

	private static final int OPEN = 0;

	private static final int MARKED = 1;

	private static final int CLOSED = 2;

	private final AtomicInteger state = new AtomicInteger(OPEN);

	private final Queue<Thread> waiting = new ConcurrentLinkedQueue<>();

	// System.nanoTime() before which the state stays
	private volatile long until = System.nanoTime();

	/**
	 * Lets others go first. Called by a virtual thread.
	 * @param now {@link System#nanoTime()}, as of lately
	 */
	@SuppressWarnings("ThreadPriorityCheck") // Measured: see the benchmarks in the README
	void pass(long now) {
		int current = this.state.get();
		if (current != CLOSED && now - this.until >= 0) {
			current = advance(current, now);
		}
		if (current == CLOSED) {
			await();
		}
		else {
			Thread.yield();
		}
	}

	private int advance(int current, long now) {
		if (this.state.compareAndSet(current, current + 1)) {
			this.until = now + PATIENCE;
			if (current == OPEN) {
				sendMarker();
			}
		}
		return this.state.get();
	}

	private void sendMarker() {
		boolean sent = false;
		try {
			Thread.ofVirtual().name("tcp-marker").start(this::comeThrough);
			sent = true;
		}
		finally {
			if (!sent) {
				open(REST);
			}
		}
	}

	private void await() {
		Thread current = Thread.currentThread();
		this.waiting.add(current);
		// Opened meanwhile, it may not be seen any more by who opened
		if (this.state.get() == CLOSED) {
			LockSupport.park(this);
		}
		else {
			this.waiting.remove(current);
		}
	}

	private void comeThrough() {
		boolean late = true;
		try {
			LockSupport.parkNanos(this, NAP);
			late = this.state.get() != MARKED;
			if (late) {
				// With those that yield out of the way, now all others are let in
				LockSupport.parkNanos(this, NAP);
			}
		}
		finally {
			// Whatever fails, for instance for want of memory: nobody waits for ever
			open(late ? PATIENCE : REST);
		}
	}

	private void open(long rest) {
		this.until = System.nanoTime() + rest;
		this.state.set(OPEN);
		for (Thread thread = this.waiting.poll(); thread != null; thread = this.waiting.poll()) {
			LockSupport.unpark(thread);
		}
	}

}
