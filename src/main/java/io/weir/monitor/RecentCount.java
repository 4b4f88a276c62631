package io.weir.monitor;

import java.util.function.LongSupplier;

/**
 * Counts what has happened within {@link Growth#EVIDENCE_TIME}, to 10 s. Safe for any
 * thread.
 */
final class RecentCount {

	private static final long TICK_NANOS = 10_000_000_000L;

	private static final int TICKS = (int) (Growth.EVIDENCE_TIME.toNanos() / TICK_NANOS);

	private final LongSupplier nanoTime;

	private final long[] counts = new long[TICKS];

	private final long[] ticks = new long[TICKS];

	RecentCount(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
	}

	private long tick() {
		return Math.floorDiv(this.nanoTime.getAsLong(), TICK_NANOS);
	}

	synchronized void increment() {
		long tick = tick();
		int place = Math.floorMod(tick, TICKS);
		if (this.ticks[place] != tick) {
			this.ticks[place] = tick;
			this.counts[place] = 0;
		}
		this.counts[place]++;
	}

	synchronized long get() {
		long now = tick();
		long sum = 0;
		for (int i = 0; i < TICKS; i++) {
			sum += (now - this.ticks[i] < TICKS) ? this.counts[i] : 0;
		}
		return sum;
	}

}
