package io.weir.actuate;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import io.weir.kernel.KernelLimit;
import io.weir.kernel.ProcReader;
import io.weir.kernel.Reading;

/**
 * The kernel's limits as gauges and its TCP events as counters. What can't be read at the
 * start has no meter; a limit that can't be read later has none until it can.
 */
public class KernelMetrics implements MeterBinder {

	private final ProcReader figures;

	private final MeterRefresher refresher;

	// A counter must not fall while it can't be read
	private final Map<String, Long> lastEvents = new ConcurrentHashMap<>();

	public KernelMetrics(ProcReader figures, MeterRefresher refresher) {
		this.figures = figures;
		this.refresher = refresher;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		this.figures.limits().values().forEach((name, limit) -> {
			if (limit instanceof Reading.Available<KernelLimit>(KernelLimit.Scalar scalar)) {
				limit(registry, name);
			}
			else if (limit instanceof Reading.Available<KernelLimit>(KernelLimit.Vector(var members))) {
				members.keySet().forEach((member) -> limit(registry, name + "." + member));
			}
		});
		this.figures.events().counters().keySet().forEach((name) -> event(registry, name));
	}

	private void limit(MeterRegistry registry, String name) {
		this.refresher.add(new OptionalGauge(registry, "tcp.kernel.limit", Tags.of("name", name), null,
				"A kernel limit, in the kernel's own unit",
				() -> this.figures.limits().number(name).stream().asDoubleStream().findFirst())::refresh);
	}

	private void event(MeterRegistry registry, String name) {
		events(name);
		FunctionCounter.builder("tcp.kernel.events", this, (metrics) -> metrics.events(name))
			.tag("name", name)
			.baseUnit("events")
			.description("A TCP event counter of the kernel, for the whole network namespace: "
					+ "the other containers of a pod count too")
			.register(registry);
	}

	private double events(String name) {
		Long now = this.figures.events().counters().get(name);
		if (now != null) {
			this.lastEvents.put(name, now);
		}
		return (double) this.lastEvents.getOrDefault(name, 0L);
	}

}
