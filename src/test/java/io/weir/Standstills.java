package io.weir;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * For how long this JVM has stood still, with the whole machine or alone: a thread that
 * has nothing to do but to wake up was late. What a test measures meanwhile takes longer
 * by that, and says nothing of what it measures.
 */
public final class Standstills {

	private static final long STEP = TimeUnit.MILLISECONDS.toNanos(10);

	// Less is what a busy machine does to a thread that wakes up
	private static final long LATE = TimeUnit.MILLISECONDS.toNanos(100);

	// Guarded by the class
	private static long total;

	// Guarded by the class
	private static long due = System.nanoTime() + STEP;

	static {
		Thread.ofPlatform().daemon().name("standstills").start(Standstills::watch);
	}

	private Standstills() {
	}

	private static void watch() {
		while (true) {
			LockSupport.parkNanos(STEP);
			note();
		}
	}

	private static synchronized void note() {
		long now = System.nanoTime();
		total += late(now);
		due = now + STEP;
	}

	private static long late(long now) {
		return (now - due > LATE) ? now - due : 0;
	}

	/**
	 * The sum of all so far, with the one that is just over. Grows only.
	 */
	public static synchronized Duration total() {
		return Duration.ofNanos(total + late(System.nanoTime()));
	}

	/**
	 * The sum of those since another call.
	 * @param before what {@link #total()} returned
	 */
	public static Duration since(Duration before) {
		return total().minus(before);
	}

}
