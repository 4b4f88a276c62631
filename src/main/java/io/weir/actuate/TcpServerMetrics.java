package io.weir.actuate;

import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.monitor.RecordTotals;
import io.weir.monitor.ServerMonitor;
import io.weir.server.AcceptError;
import io.weir.server.EffectiveSettings;
import io.weir.connection.RejectReason;
import io.weir.server.ServerState;
import io.weir.server.Setting;

/**
 * The meters of the listener and of all connections together. A figure that isn't known
 * has no meter.
 */
public class TcpServerMetrics implements MeterBinder {

	private final ServerMonitor monitor;

	private final MeterRefresher refresher;

	public TcpServerMetrics(ServerMonitor monitor, MeterRefresher refresher) {
		this.monitor = monitor;
		this.refresher = refresher;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		Gauge.builder("tcp.server.active.connections", this.monitor, ServerMonitor::activeConnections)
			.baseUnit("connections")
			.description("Open connections")
			.register(registry);
		Gauge
			.builder("tcp.server.max.connections", this.monitor,
					(monitor) -> monitor.status().serving().maxConnections())
			.baseUnit("connections")
			.description("How many connections may be open: the limit in force")
			.register(registry);
		counter(registry, "tcp.server.accepted.connections", Tags.empty(), "connections", "Connections accepted",
				(monitor) -> monitor.totals().accepted());
		for (RejectReason reason : RejectReason.values()) {
			counter(registry, "tcp.server.rejected.connections", Tags.of("reason", reason.text()), "connections",
					"Connections accepted but closed before they were handled",
					(monitor) -> monitor.totals().rejected(reason));
		}
		for (AcceptError error : AcceptError.values()) {
			counter(registry, "tcp.server.accept.errors", Tags.of("error", error.text()), "errors",
					"Failures of accept(2)", (monitor) -> monitor.status().acceptErrors().getOrDefault(error, 0L));
		}
		for (ServerState state : ServerState.values()) {
			Gauge.builder("tcp.server.state", this.monitor, (monitor) -> (monitor.status().state() == state) ? 1 : 0)
				.tag("state", state.text())
				.description("1 for the state that the server is in, 0 for the others")
				.register(registry);
		}
		totals(registry);
		settings(registry);
	}

	private void totals(MeterRegistry registry) {
		total(registry, "tcp.server.bytes", Tags.of("direction", "received"), "bytes", "Bytes of all connections",
				Totals::bytesReceived);
		total(registry, "tcp.server.bytes", Tags.of("direction", "sent"), "bytes", "Bytes of all connections",
				Totals::bytesSent);
		records(registry, "unpacked", RecordTotals::unpacked);
		records(registry, "partial", RecordTotals::partial);
		records(registry, "written", RecordTotals::written);
		records(registry, "failed", RecordTotals::failed);
		Gauge.builder("tcp.server.records.pending", this.monitor, (monitor) -> monitor.records().pending())
			.description("Records taken and not yet written")
			.register(registry);
		total(registry, "tcp.server.unanswered", Tags.empty(), "bytes",
				"Bytes received and not served, because the server ended their connection", Totals::bytesUnanswered);
	}

	private void records(MeterRegistry registry, String result, ToLongFunction<RecordTotals> figure) {
		counter(registry, "tcp.server.records", Tags.of("result", result), "records",
				"Records unpacked, cut off by an end of stream, written, or failed in a sink or at the end",
				(monitor) -> figure.applyAsLong(monitor.records()));
	}

	private void total(MeterRegistry registry, String name, Tags tags, String unit, String description,
			ToLongFunction<Totals> figure) {
		counter(registry, name, tags, unit, description, (monitor) -> figure.applyAsLong(monitor.totals()));
	}

	private void counter(MeterRegistry registry, String name, Tags tags, String unit, String description,
			ToDoubleFunction<ServerMonitor> figure) {
		FunctionCounter.builder(name, this.monitor, figure)
			.tags(tags)
			.baseUnit(unit)
			.description(description)
			.register(registry);
	}

	private void settings(MeterRegistry registry) {
		buffer(registry, "received", (settings) -> settings.receiveBuffer().setting());
		buffer(registry, "sent", (settings) -> settings.sendBuffer().setting());
		kinds(registry, "tcp.server.backlog", Tags.empty(), "connections",
				"How many connections may wait in the accept queue", EffectiveSettings::backlog);
	}

	private void buffer(MeterRegistry registry, String direction, Function<EffectiveSettings, Setting> setting) {
		kinds(registry, "tcp.server.socket.buffer", Tags.of("direction", direction), "bytes",
				"Buffer sizes by the kernel's count, of which half carries data; requested is the configured number",
				setting);
	}

	private void kinds(MeterRegistry registry, String name, Tags tags, String unit, String description,
			Function<EffectiveSettings, Setting> setting) {
		Map<String, Function<Setting, @Nullable Long>> kinds = Map.of("requested", Setting::requested, "effective",
				Setting::effective, "maximum", Setting::maximum);
		kinds.forEach((kind, figure) -> this.refresher
			.add(new OptionalGauge(registry, name, tags.and("kind", kind), unit, description, () -> {
				EffectiveSettings settings = this.monitor.status().settings();
				Long value = (settings != null) ? figure.apply(setting.apply(settings)) : null;
				return (value != null) ? OptionalDouble.of((double) value) : OptionalDouble.empty();
			})::refresh));
	}

}
