package io.weir.actuate;

import java.time.Duration;

import io.weir.kernel.KernelEvents;
import io.weir.kernel.KernelLimits;
import io.weir.kernel.KernelReader;

/**
 * The kernel's limits and events, read at most once a second however many ask. Safe for
 * any thread.
 */
public class KernelFigures {

	private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

	private record Snapshot(KernelLimits limits, KernelEvents events, long readAt) {

		private boolean isFresh() {
			return System.nanoTime() - this.readAt < FRESH_NANOS;
		}

	}

	private final KernelReader reader;

	private volatile Snapshot snapshot;

	/**
	 * Reads the figures for the first time.
	 * @param reader where from
	 */
	public KernelFigures(KernelReader reader) {
		this.reader = reader;
		this.snapshot = read();
	}

	private Snapshot read() {
		return new Snapshot(this.reader.limits(), this.reader.events(), System.nanoTime());
	}

	private Snapshot fresh() {
		Snapshot last = this.snapshot;
		if (last.isFresh()) {
			return last;
		}
		synchronized (this) {
			if (!this.snapshot.isFresh()) {
				this.snapshot = read();
			}
			return this.snapshot;
		}
	}

	/**
	 * The limits.
	 * @return not older than a second
	 */
	public KernelLimits limits() {
		return fresh().limits;
	}

	/**
	 * The events.
	 * @return not older than a second
	 */
	public KernelEvents events() {
		return fresh().events;
	}

}
