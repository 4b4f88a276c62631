package io.weir.connection;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Lets one log line through in ten seconds and counts the others, so that a surprise that
 * repeats with each connection doesn't fill the log. Safe for any thread.
 */
public final class LogLimiter {

	private static final long INTERVAL = Duration.ofSeconds(10).toNanos();

	private final LongSupplier nanoTime;

	private final AtomicLong nextAt;

	private final AtomicLong suppressed = new AtomicLong();

	/**
	 * Creates a limiter that lets the first line through.
	 */
	public LogLimiter() {
		this(System::nanoTime);
	}

	LogLimiter(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
		this.nextAt = new AtomicLong(nanoTime.getAsLong());
	}

	/**
	 * Asks whether to log now.
	 * @return how many lines were suppressed since the last one, to be told with this
	 * one; -1 if this one is to be suppressed
	 */
	public long tryAcquire() {
		long now = this.nanoTime.getAsLong();
		long next = this.nextAt.get();
		if (now - next >= 0 && this.nextAt.compareAndSet(next, now + INTERVAL)) {
			return this.suppressed.getAndSet(0);
		}
		this.suppressed.incrementAndGet();
		return -1;
	}

}
