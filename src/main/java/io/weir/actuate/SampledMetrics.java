package io.weir.actuate;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.jspecify.annotations.Nullable;

import org.springframework.context.event.EventListener;

import io.weir.actuate.ConnectionSampler.RoundTripTimes;
import io.weir.actuate.ConnectionSampler.Summary;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ListenerDiagnostics;
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
		Summary summary = this.sampler.summary();
		ListenerDiagnostics figures = this.listener.known();
		this.bound.forEach((gauges) -> gauges.refresh(summary, figures));
	}

	/**
	 * The gauges of one registry whose number depends on what is known.
	 */
	private final class Gauges {

		private final MeterRegistry registry;

		private final MultiGauge roundTripTimes;

		private final MultiGauge queued;

		private final MultiGauge acceptQueue;

		private boolean countsOverflows;

		private Gauges(MeterRegistry registry) {
			this.registry = registry;
			this.roundTripTimes = MultiGauge.builder("tcp.server.rtt")
				.baseUnit("seconds")
				.description("Smoothed round-trip times over all connections, by the kernel")
				.register(registry);
			this.queued = MultiGauge.builder("tcp.server.queued")
				.baseUnit("bytes")
				.description("Bytes in the kernel's queues of all connections: "
						+ "received and not read yet, sent and not acknowledged yet")
				.register(registry);
			this.acceptQueue = MultiGauge.builder("tcp.server.accept.queue")
				.baseUnit("connections")
				.description("Connections that wait to be accepted")
				.register(registry);
		}

		private synchronized void refresh(@Nullable Summary summary, @Nullable ListenerDiagnostics figures) {
			this.roundTripTimes.register((summary != null) ? rows(summary.roundTripTimes()) : List.of(), true);
			this.queued.register((summary != null) ? List.of(row("direction", "received", summary.receiveQueues()),
					row("direction", "sent", summary.sendQueues())) : List.of(), true);
			this.acceptQueue.register((figures != null)
					? List.of(Row.of(Tags.empty(), SampledMetrics.this.listener, ListenerFigures::queueLength))
					: List.of(), true);
			if (!this.countsOverflows && figures != null && figures.overflows().isPresent()) {
				this.countsOverflows = true;
				FunctionCounter
					.builder("tcp.server.accept.queue.overflows", SampledMetrics.this.listener,
							ListenerFigures::overflows)
					.baseUnit("connections")
					.description("Packets that this listener dropped, because its accept queue was full")
					.register(this.registry);
			}
		}

		private static List<Row<?>> rows(@Nullable RoundTripTimes times) {
			return (times != null) ? List.of(row("statistic", "min", times.min() / MICROS),
					row("statistic", "median", times.median() / MICROS), row("statistic", "max", times.max() / MICROS))
					: List.of();
		}

		private static Row<?> row(String tag, String value, Number figure) {
			return Row.of(Tags.of(tag, value), figure);
		}

	}

}
