package io.weir.actuate;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

import org.springframework.context.event.EventListener;

import io.weir.connection.CloseReason;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.server.AcceptError;
import io.weir.server.EffectiveSettings;
import io.weir.server.RejectReason;
import io.weir.server.ServerState;
import io.weir.server.Setting;
import io.weir.server.TcpServer;
import io.weir.server.TcpServerLifecycle.TcpServerStartedEvent;

/**
 * The meters of the listener and of all connections together. A figure that isn't known
 * has no meter.
 */
public class TcpServerMetrics implements MeterBinder {

	private final TcpServer server;

	private final ConnectionRegistry connections;

	private final List<OptionalGauge> settingGauges = new CopyOnWriteArrayList<>();

	/**
	 * Creates the binder.
	 * @param server the listener
	 * @param connections its connections
	 */
	public TcpServerMetrics(TcpServer server, ConnectionRegistry connections) {
		this.server = server;
		this.connections = connections;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		Gauge.builder("tcp.server.active.connections", this.connections, ConnectionRegistry::active)
			.baseUnit("connections")
			.description("Open connections")
			.register(registry);
		FunctionCounter.builder("tcp.server.accepted.connections", this.connections, ConnectionRegistry::accepted)
			.baseUnit("connections")
			.description("Connections accepted")
			.register(registry);
		for (RejectReason reason : RejectReason.values()) {
			FunctionCounter.builder("tcp.server.rejected.connections", this.server, (server) -> server.rejected(reason))
				.tag("reason", reason.text())
				.baseUnit("connections")
				.description("Connections accepted but closed before they were handled")
				.register(registry);
		}
		for (AcceptError error : AcceptError.values()) {
			FunctionCounter.builder("tcp.server.accept.errors", this.server, (server) -> server.acceptErrors(error))
				.tag("error", error.text())
				.baseUnit("errors")
				.description("Failures of accept(2)")
				.register(registry);
		}
		for (ServerState state : ServerState.values()) {
			Gauge.builder("tcp.server.state", this.server, (server) -> (server.state() == state) ? 1 : 0)
				.tag("state", state.text())
				.description("1 for the state that the server is in, 0 for the others")
				.register(registry);
		}
		total(registry, "tcp.server.bytes", Tags.of("direction", "received"), "bytes", "Bytes of all connections",
				Totals::bytesReceived);
		total(registry, "tcp.server.bytes", Tags.of("direction", "sent"), "bytes", "Bytes of all connections",
				Totals::bytesSent);
		total(registry, "tcp.server.records", Tags.of("result", "unpacked"), "records",
				"Records unpacked, or cut off by an end of stream", Totals::records);
		total(registry, "tcp.server.records", Tags.of("result", "partial"), "records",
				"Records unpacked, or cut off by an end of stream",
				(totals) -> totals.closed(CloseReason.PARTIAL_RECORD));
		total(registry, "tcp.server.unanswered", Tags.empty(), "bytes",
				"Bytes received and not served, because the server ended their connection", Totals::bytesUnanswered);
		settings(registry);
	}

	private void total(MeterRegistry registry, String name, Tags tags, String unit, String description,
			ToLongFunction<Totals> figure) {
		ToDoubleFunction<ConnectionRegistry> function = (connections) -> figure.applyAsLong(connections.totals());
		FunctionCounter.builder(name, this.connections, function)
			.tags(tags)
			.baseUnit(unit)
			.description(description)
			.register(registry);
	}

	@EventListener
	void started(TcpServerStartedEvent event) {
		this.settingGauges.forEach(OptionalGauge::refresh);
	}

	private void settings(MeterRegistry registry) {
		buffer(registry, "received", EffectiveSettings::receiveBuffer);
		buffer(registry, "sent", EffectiveSettings::sendBuffer);
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
		kinds.forEach((kind, figure) -> {
			OptionalGauge gauge = new OptionalGauge(registry, name, tags.and("kind", kind), unit, description, () -> {
				EffectiveSettings settings = this.server.settings();
				Long value = (settings != null) ? figure.apply(setting.apply(settings)) : null;
				return (value != null) ? OptionalDouble.of((double) value) : OptionalDouble.empty();
			});
			gauge.refresh();
			this.settingGauges.add(gauge);
		});
	}

}
