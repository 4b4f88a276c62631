package io.weir.server;

import java.util.concurrent.atomic.AtomicBoolean;

import org.jspecify.annotations.Nullable;

import io.weir.connection.Slot;

/**
 * Decides whether a newcomer may come in, and gives it its place among the connections
 * that may be open at once. Safe for any thread.
 */
final class Admission {

	private final int max;

	// Guarded by this
	private int taken;

	// Guarded by this
	private boolean woken;

	/**
	 * Creates an admission with all places free.
	 * @param max how many connections may be open at once
	 */
	Admission(int max) {
		this.max = max;
	}

	/**
	 * Takes a place.
	 * @return null if there is none now
	 */
	synchronized @Nullable Slot tryAcquire() {
		return (this.taken < this.max) ? take() : null;
	}

	/**
	 * Waits for a place. One thread at a time.
	 * @param millis how long; 0 is for ever
	 * @return null if the time is over, or {@link #wakeUp()} was called
	 * @throws InterruptedException if the thread was interrupted
	 */
	synchronized @Nullable Slot acquire(long millis) throws InterruptedException {
		long end = System.nanoTime() + millis * 1_000_000;
		while (this.taken >= this.max && !this.woken) {
			long left = (millis == 0) ? 0 : Math.ceilDiv(end - System.nanoTime(), 1_000_000L);
			if (left < 0 || (left == 0 && millis > 0)) {
				return null;
			}
			wait(left);
		}
		this.woken = false;
		return tryAcquire();
	}

	/**
	 * Lets the thread that waits for a place, or the next one, go on without.
	 */
	synchronized void wakeUp() {
		this.woken = true;
		notifyAll();
	}

	private Slot take() {
		this.taken++;
		return new OwnedSlot();
	}

	private synchronized void giveBack() {
		this.taken--;
		notifyAll();
	}

	/**
	 * How many places are taken.
	 */
	synchronized int taken() {
		return this.taken;
	}

	/**
	 * A place that is given back once.
	 */
	private final class OwnedSlot implements Slot {

		private final AtomicBoolean closed = new AtomicBoolean();

		@Override
		public void close() {
			if (!this.closed.getAndSet(true)) {
				giveBack();
			}
		}

	}

}
