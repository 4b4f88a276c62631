package io.weir.monitor;

import java.time.Duration;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;

/**
 * Remembers when a counter last grew. Its first value is no growth, nor is a smaller
 * number, which is a new counter's. Safe for any thread.
 */
final class Growth {

	/**
	 * For how long an event is worth a finding.
	 */
	static final Duration EVIDENCE_TIME = Duration.ofMinutes(5);

	private final LongSupplier nanoTime;

	private @Nullable Long last;

	private @Nullable Long grewAt;

	Growth(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
	}

	/**
	 * Takes the counter's value of now.
	 * @param count the value
	 * @return whether it has grown within {@link #EVIDENCE_TIME}
	 */
	synchronized boolean isRecent(long count) {
		long now = this.nanoTime.getAsLong();
		if (this.last != null && count > this.last) {
			this.grewAt = now;
		}
		this.last = count;
		return this.grewAt != null && now - this.grewAt < EVIDENCE_TIME.toNanos();
	}

}
