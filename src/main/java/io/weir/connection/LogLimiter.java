package io.weir.connection;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

import org.slf4j.Logger;

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
	 * Logs a failure that its thread survives, unless the line is to be suppressed.
	 * @param logger where to, at WARN
	 * @param message what failed
	 * @param failure the failure
	 */
	public void warn(Logger logger, String message, Throwable failure) {
		try {
			log((lines) -> logger.warn("{} ({} such lines were suppressed before)", message, lines, failure));
		}
		catch (Throwable withoutLine) {
			// There was no memory to call it
			this.suppressed.incrementAndGet();
		}
	}

	/**
	 * Logs a line, unless it is to be suppressed. Without memory for the line it counts
	 * as suppressed, as the thread has to go on.
	 * @param line logs; told how many lines were suppressed since the last one. Where it
	 * captures something, it takes memory itself, in the caller's hands
	 */
	public void log(LongConsumer line) {
		long now = this.nanoTime.getAsLong();
		long next = this.nextAt.get();
		if (now - next < 0 || !this.nextAt.compareAndSet(next, now + INTERVAL)) {
			this.suppressed.incrementAndGet();
			return;
		}
		long lines = this.suppressed.getAndSet(0);
		try {
			line.accept(lines);
		}
		catch (Throwable withoutLine) {
			this.suppressed.addAndGet(lines + 1);
		}
	}

}
