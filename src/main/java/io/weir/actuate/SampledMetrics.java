package io.weir.actuate;

import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;

import io.weir.monitor.AcceptQueue;
import io.weir.monitor.ConnectionSampler;
import io.weir.monitor.ListenerFigures;
import io.weir.monitor.OpenConnections;
import io.weir.monitor.SampleSummary;
import io.weir.monitor.SampleSummary.RoundTripTimes;

/**
 * The meters of what the kernel says about the listener and its connections. A figure
 * that isn't known has no meter.
 */
public class SampledMetrics implements MeterBinder {

	private static final double MICROS = 1_000_000;

	private final ConnectionSampler sampler;

	private final ListenerFigures listener;

	private final OpenConnections connections;

	private final MeterRefresher refresher;

	public SampledMetrics(ConnectionSampler sampler, ListenerFigures listener, OpenConnections connections,
			MeterRefresher refresher) {
		this.sampler = sampler;
		this.listener = listener;
		this.connections = connections;
		this.refresher = refresher;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		Gauge.builder("tcp.server.blocked.writers", this.connections, OpenConnections::blockedWriters)
			.baseUnit("connections")
			.description("Connections whose write has been blocked for 1 s or longer")
			.register(registry);
		if (this.sampler.knowsRetransmits()) {
			FunctionCounter.builder("tcp.server.retransmits", this.sampler, ConnectionSampler::retransmits)
				.baseUnit("segments")
				.description("Segments sent again, all connections")
				.register(registry);
		}
		roundTripTime(registry, "min", RoundTripTimes::min);
		roundTripTime(registry, "median", RoundTripTimes::median);
		roundTripTime(registry, "max", RoundTripTimes::max);
		queued(registry, "received", SampleSummary::receiveQueues);
		queued(registry, "sent", SampleSummary::sendQueues);
		this.refresher.add(new OptionalGauge(registry, "tcp.server.accept.queue", Tags.empty(), "connections",
				"Connections that wait to be accepted",
				() -> this.listener.read()
					.map((figures) -> OptionalDouble.of((double) figures.length()))
					.orElse(OptionalDouble.empty()))::refresh);
		dropped(registry, "tcp.server.accept.queue.overflows", "connections",
				"Packets of newcomers that found the accept queue full", AcceptQueue::overflows,
				ListenerFigures::overflows);
		dropped(registry, "tcp.server.listener.drops", "packets",
				"Packets that this listener dropped for any reason, stray ones and scans included", AcceptQueue::drops,
				ListenerFigures::drops);
	}

	private void roundTripTime(MeterRegistry registry, String statistic, ToLongFunction<RoundTripTimes> figure) {
		this.refresher.add(new OptionalGauge(registry, "tcp.server.rtt", Tags.of("statistic", statistic), "seconds",
				"Smoothed round-trip times over all connections, by the kernel", () -> {
					SampleSummary summary = this.sampler.summary();
					RoundTripTimes times = (summary != null) ? summary.roundTripTimes() : null;
					return (times != null) ? OptionalDouble.of(figure.applyAsLong(times) / MICROS)
							: OptionalDouble.empty();
				})::refresh);
	}

	private void queued(MeterRegistry registry, String direction, ToLongFunction<SampleSummary> figure) {
		this.refresher.add(new OptionalGauge(registry, "tcp.server.queued", Tags.of("direction", direction), "bytes",
				"Bytes in the kernel's queues of all connections: "
						+ "received and not read yet, sent and not acknowledged yet",
				() -> {
					SampleSummary summary = this.sampler.summary();
					return (summary != null) ? OptionalDouble.of((double) figure.applyAsLong(summary))
							: OptionalDouble.empty();
				})::refresh);
	}

	// Once it is there it stays: a counter must not start again
	private void dropped(MeterRegistry registry, String name, String unit, String description,
			Function<AcceptQueue, OptionalLong> figure, ToDoubleFunction<ListenerFigures> last) {
		AtomicBoolean registered = new AtomicBoolean();
		this.refresher.add(() -> {
			if (!registered.get() && this.listener.read().map(figure).orElse(OptionalLong.empty()).isPresent()
					&& registered.compareAndSet(false, true)) {
				FunctionCounter.builder(name, this.listener, last)
					.baseUnit(unit)
					.description(description)
					.register(registry);
			}
		});
	}

}
