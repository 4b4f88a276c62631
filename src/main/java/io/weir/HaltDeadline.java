package io.weir;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Halts the JVM if it has not ended by itself within a time. Its thread is there from the
 * beginning, so that it needs neither memory nor a place for a thread when it counts.
 */
final class HaltDeadline {

	private final CountDownLatch armed = new CountDownLatch(1);

	private final AtomicBoolean started = new AtomicBoolean();

	private volatile long nanos;

	private volatile int exitCode;

	/**
	 * Creates a deadline that runs from the call of {@link #start}.
	 */
	HaltDeadline() {
		Thread.ofPlatform().daemon().name("weir-halt-deadline").start(this::await);
	}

	private void await() {
		try {
			this.armed.await();
			TimeUnit.NANOSECONDS.sleep(this.nanos);
		}
		catch (InterruptedException ex) {
			// Nobody has its thread to interrupt it
			Thread.currentThread().interrupt();
			return;
		}
		Runtime.getRuntime().halt(this.exitCode);
	}

	/**
	 * Starts the time, once: later calls change nothing.
	 */
	void start(Duration time, int exitCode) {
		if (this.started.compareAndSet(false, true)) {
			this.nanos = time.toNanos();
			this.exitCode = exitCode;
			this.armed.countDown();
		}
	}

}
