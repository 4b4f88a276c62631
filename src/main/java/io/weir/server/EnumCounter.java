package io.weir.server;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * One counter for each constant of an enum. Safe for any thread.
 */
final class EnumCounter<E extends Enum<E>> {

	private final Class<E> type;

	private final Map<E, LongAdder> counts;

	EnumCounter(Class<E> type) {
		this.type = type;
		this.counts = new EnumMap<>(type);
		for (E constant : type.getEnumConstants()) {
			this.counts.put(constant, new LongAdder());
		}
	}

	void increment(E constant) {
		Objects.requireNonNull(this.counts.get(constant)).increment();
	}

	/**
	 * All counts.
	 * @return as things are now; every constant is there
	 */
	Map<E, Long> counts() {
		Map<E, Long> counts = new EnumMap<>(this.type);
		this.counts.forEach((constant, count) -> counts.put(constant, count.sum()));
		return counts;
	}

}
