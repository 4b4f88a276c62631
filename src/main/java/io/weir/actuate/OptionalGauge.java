package io.weir.actuate;

import java.util.OptionalDouble;
import java.util.function.Supplier;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import org.jspecify.annotations.Nullable;

/**
 * A gauge that is there while its figure is known. Micrometer's {@code MultiGauge} is for
 * this, but removes all its rows and registers them again, and a scrape in between finds
 * some twice.
 */
final class OptionalGauge {

	private final MeterRegistry registry;

	private final Gauge.Builder<?> builder;

	private final Supplier<OptionalDouble> figure;

	private @Nullable Gauge gauge;

	private volatile double last;

	/**
	 * Creates a gauge that is not there yet.
	 * @param registry where it will be
	 * @param name its name
	 * @param tags its tags
	 * @param unit its base unit; null is none
	 * @param description what it tells
	 * @param figure the figure, or empty while it is not known
	 */
	OptionalGauge(MeterRegistry registry, String name, Tags tags, @Nullable String unit, String description,
			Supplier<OptionalDouble> figure) {
		this.registry = registry;
		this.figure = figure;
		this.builder = Gauge.builder(name, this::value).tags(tags).baseUnit(unit).description(description);
	}

	// What was last known, if a scrape comes before the gauge is taken out
	private double value() {
		OptionalDouble now = this.figure.get();
		if (now.isPresent()) {
			this.last = now.getAsDouble();
		}
		return this.last;
	}

	/**
	 * Puts the gauge in or takes it out, as the figure is known or not.
	 */
	synchronized void refresh() {
		boolean known = this.figure.get().isPresent();
		if (known && this.gauge == null) {
			this.gauge = this.builder.register(this.registry);
		}
		else if (!known && this.gauge != null) {
			this.registry.remove(this.gauge);
			this.gauge = null;
		}
	}

}
