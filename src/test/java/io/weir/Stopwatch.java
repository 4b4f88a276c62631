package io.weir;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures how long a server takes, without the time in which the machine let nothing of
 * the tests run: a virtual machine that stood still, processors that others had, a
 * garbage collection. The server has no part in that.
 */
public final class Stopwatch {

	private static final long TICK = TimeUnit.MILLISECONDS.toNanos(5);

	// Less is a busy machine, as servers meet it
	private static final long STALL = TimeUnit.MILLISECONDS.toNanos(100);

	private static final Object LOCK = new Object();

	private static long awake = System.nanoTime();

	private static long stalls;

	private final long begin;

	private final long stallsBefore;

	static {
		Thread.ofPlatform().daemon().name("stopwatch").start(Stopwatch::tick);
	}

	private Stopwatch(long stallsBefore) {
		this.stallsBefore = stallsBefore;
		this.begin = System.nanoTime();
	}

	private static void tick() {
		while (true) {
			LockSupport.parkNanos(TICK);
			stalls();
		}
	}

	// All so far, the one that ends just now included
	private static long stalls() {
		synchronized (LOCK) {
			long now = System.nanoTime();
			stalls += (now - awake > STALL) ? now - awake : 0;
			awake = now;
			return stalls;
		}
	}

	public static Stopwatch start() {
		return new Stopwatch(stalls());
	}

	/**
	 * The time since the start without the stalls.
	 */
	public Duration time() {
		Duration stalled = stalled();
		return Duration.ofNanos(Math.max(0, System.nanoTime() - this.begin - stalled.toNanos()));
	}

	/**
	 * The stalls since the start.
	 */
	public Duration stalled() {
		return Duration.ofNanos(stalls() - this.stallsBefore);
	}

}
