package io.weir.monitor;

import org.jspecify.annotations.Nullable;

/**
 * Tells overflows of an accept queue from other dropped packets. The kernel counts each
 * overflow twice: among the listener's own drops, which a stray RST or a scan raises too,
 * and in {@code ListenOverflows}, to which every listener of the network namespace adds.
 * So an overflow of this listener is what raised both. The two are not read at one
 * moment: what does not match is compared once more with the next reading. One thread at
 * a time.
 */
final class OverflowCounter {

	private long lastDrops;

	private @Nullable Long lastEvents;

	private long unmatchedDrops;

	private long unmatchedEvents;

	private long drops;

	private long overflows;

	/**
	 * Notes the namespace's counter, without a listener to compare it with.
	 * @param events {@code ListenOverflows}
	 */
	void begin(long events) {
		this.lastEvents = events;
	}

	/**
	 * Another socket listens now, which has dropped nothing yet.
	 */
	void restart() {
		this.lastDrops = 0;
		this.unmatchedDrops = 0;
	}

	/**
	 * Takes a reading.
	 * @param dropsNow what the listening socket has dropped
	 * @param eventsNow {@code ListenOverflows}
	 */
	void read(long dropsNow, long eventsNow) {
		long newDrops = growth(this.lastDrops, dropsNow);
		long newEvents = (this.lastEvents != null) ? Math.max(0, eventsNow - this.lastEvents) : 0;
		this.lastDrops = dropsNow;
		this.lastEvents = eventsNow;
		long allDrops = this.unmatchedDrops + newDrops;
		long allEvents = this.unmatchedEvents + newEvents;
		long matched = Math.min(allDrops, allEvents);
		this.unmatchedDrops = Math.min(newDrops, allDrops - matched);
		this.unmatchedEvents = Math.min(newEvents, allEvents - matched);
		this.drops += newDrops;
		this.overflows += matched;
	}

	/**
	 * Takes a reading of drops alone.
	 * @param dropsNow what the listening socket has dropped
	 */
	void readDrops(long dropsNow) {
		this.drops += growth(this.lastDrops, dropsNow);
		this.lastDrops = dropsNow;
	}

	// Less than before: another socket's
	private static long growth(long last, long now) {
		return (now >= last) ? now - last : now;
	}

	long drops() {
		return this.drops;
	}

	long overflows() {
		return this.overflows;
	}

}
