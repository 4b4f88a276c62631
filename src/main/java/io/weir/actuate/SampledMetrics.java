package io.weir.actuate;

import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToLongFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.context.event.EventListener;

import io.weir.actuate.ConnectionSampler.RoundTripTimes;
import io.weir.actuate.ConnectionSampler.Summary;
import io.weir.connection.ConnectionRegistry;
import io.weir.server.TcpServerLifecycle.TcpServerStartedEvent;

/**
 * The meters of what the kernel says about the listener and its connections. A figure
 * that isn't known has no meter.
 */
public class SampledMetrics implements MeterBinder {

	private static final long BLOCKED_SECONDS = 1;

	private static final double MICROS = 1_000_000;

	private final ConnectionSampler sampler;

	private final ListenerFigures listener;

	private final ConnectionRegistry connections;

	private final List<Gauges> bound = new CopyOnWriteArrayList<>();

	/**
	 * Creates the binder, which follows the samples.
	 * @param sampler the samples
	 * @param listener the listener's figures
	 * @param connections the connections
	 */
	public SampledMetrics(ConnectionSampler sampler, ListenerFigures listener, ConnectionRegistry connections) {
		this.sampler = sampler;
		this.listener = listener;
		this.connections = connections;
		sampler.addListener(this::refresh);
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		Gauge.builder("tcp.server.blocked.writers", this.connections, SampledMetrics::blockedWriters)
			.baseUnit("connections")
			.description("Connections whose write has been blocked for 1 s or longer")
			.register(registry);
		if (this.sampler.knowsRetransmits()) {
			FunctionCounter.builder("tcp.server.retransmits", this.sampler, ConnectionSampler::retransmits)
				.baseUnit("segments")
				.description("Segments sent again, all connections")
				.register(registry);
		}
		this.bound.add(new Gauges(registry));
	}

	private static long blockedWriters(ConnectionRegistry connections) {
		return connections.connections()
			.stream()
			.filter((connection) -> connection.writeBlockedFor().toSeconds() >= BLOCKED_SECONDS)
			.count();
	}

	@EventListener
	void started(TcpServerStartedEvent event) {
		refresh();
	}

	private void refresh() {
		this.bound.forEach(Gauges::refresh);
	}

	/**
	 * The meters of one registry that are there while their figures are known.
	 */
	private final class Gauges {

		private final MeterRegistry registry;

		private final List<OptionalGauge> gauges;

		private boolean countsOverflows;

		private Gauges(MeterRegistry registry) {
			this.registry = registry;
			this.gauges = List.of(roundTripTime("min", RoundTripTimes::min),
					roundTripTime("median", RoundTripTimes::median), roundTripTime("max", RoundTripTimes::max),
					queued("received", Summary::receiveQueues), queued("sent", Summary::sendQueues),
					new OptionalGauge(registry, "tcp.server.accept.queue", Tags.empty(), "connections",
							"Connections that wait to be accepted", SampledMetrics.this.listener::queueLength));
		}

		private OptionalGauge roundTripTime(String statistic, ToLongFunction<RoundTripTimes> figure) {
			return new OptionalGauge(this.registry, "tcp.server.rtt", Tags.of("statistic", statistic), "seconds",
					"Smoothed round-trip times over all connections, by the kernel", () -> {
						Summary summary = SampledMetrics.this.sampler.summary();
						RoundTripTimes times = (summary != null) ? summary.roundTripTimes() : null;
						return (times != null) ? OptionalDouble.of(figure.applyAsLong(times) / MICROS)
								: OptionalDouble.empty();
					});
		}

		private OptionalGauge queued(String direction, ToLongFunction<Summary> figure) {
			return new OptionalGauge(this.registry, "tcp.server.queued", Tags.of("direction", direction), "bytes",
					"Bytes in the kernel's queues of all connections: "
							+ "received and not read yet, sent and not acknowledged yet",
					() -> {
						Summary summary = SampledMetrics.this.sampler.summary();
						return (summary != null) ? OptionalDouble.of((double) figure.applyAsLong(summary))
								: OptionalDouble.empty();
					});
		}

		private synchronized void refresh() {
			this.gauges.forEach(OptionalGauge::refresh);
			if (!this.countsOverflows && SampledMetrics.this.listener.overflows().isPresent()) {
				this.countsOverflows = true;
				FunctionCounter
					.builder("tcp.server.accept.queue.overflows", SampledMetrics.this.listener,
							ListenerFigures::lastOverflows)
					.baseUnit("connections")
					.description("Packets that this listener dropped, because its accept queue was full")
					.register(this.registry);
			}
		}

	}

}
