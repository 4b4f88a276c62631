package io.weir.server;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * One counter for each constant of an enum. Safe for any thread.
 */
final class EnumCounter<E extends Enum<E>> {

	private final Map<E, LongAdder> counts;

	EnumCounter(Class<E> type) {
		this.counts = new EnumMap<>(type);
		for (E constant : type.getEnumConstants()) {
			this.counts.put(constant, new LongAdder());
		}
	}

	void increment(E constant) {
		adder(constant).increment();
	}

	long get(E constant) {
		return adder(constant).sum();
	}

	private LongAdder adder(E constant) {
		return Objects.requireNonNull(this.counts.get(constant));
	}

}
