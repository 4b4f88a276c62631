package io.weir.monitor;

import java.time.Duration;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.Reading;
import io.weir.server.ServerState;

/**
 * For how long all places have been taken while newcomers wait, as those see it who look
 * at it from time to time. A place that comes free goes to one of them at once, so a
 * moment without waits is no end: it takes longer. Safe for any thread.
 */
final class FullTime {

	/**
	 * From when on it is worth a word.
	 */
	static final Duration LONG = Duration.ofSeconds(10);

	// Looks are a second apart: one or two of them that find nobody waiting end nothing
	private static final long MOMENT = Duration.ofMillis(2500).toNanos();

	private final LongSupplier nanoTime;

	private @Nullable Long since;

	private @Nullable Long overSince;

	FullTime(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
	}

	/**
	 * Takes a look.
	 * @param state what the server does
	 * @param queue its accept queue
	 * @return for how long; zero if a place is free now or nobody waits, or that is not
	 * known
	 */
	synchronized Duration look(ServerState state, Reading<AcceptQueue> queue) {
		long now = this.nanoTime.getAsLong();
		if (state != ServerState.FULL || queue.map(AcceptQueue::length).orElse(0L) == 0) {
			this.overSince = (this.overSince != null) ? this.overSince : (Long) now;
			return Duration.ZERO;
		}
		boolean over = this.overSince != null && now - this.overSince > MOMENT;
		long begin = (this.since != null && !over) ? this.since : now;
		this.since = begin;
		this.overSince = null;
		return Duration.ofNanos(now - begin);
	}

}
