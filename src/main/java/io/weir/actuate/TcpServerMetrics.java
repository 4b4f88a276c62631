package io.weir.actuate;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
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

	private final List<SettingGauges> settingGauges = new CopyOnWriteArrayList<>();

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
		SettingGauges gauges = new SettingGauges(registry);
		this.settingGauges.add(gauges);
		gauges.show(this.server.settings());
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
		this.settingGauges.forEach((gauges) -> gauges.show(this.server.settings()));
	}

	/**
	 * The gauges of the settings, whose number depends on which figures are known.
	 */
	private static final class SettingGauges {

		private final MultiGauge buffers;

		private final MultiGauge backlog;

		private SettingGauges(MeterRegistry registry) {
			this.buffers = MultiGauge.builder("tcp.server.socket.buffer")
				.baseUnit("bytes")
				.description("Buffer sizes by the kernel's count, of which half carries data; "
						+ "requested is the configured number")
				.register(registry);
			this.backlog = MultiGauge.builder("tcp.server.backlog")
				.baseUnit("connections")
				.description("How many connections may wait in the accept queue")
				.register(registry);
		}

		private void show(@Nullable EffectiveSettings settings) {
			List<Row<?>> bufferRows = new ArrayList<>();
			List<Row<?>> backlogRows = new ArrayList<>();
			if (settings != null) {
				add(bufferRows, settings.receiveBuffer(), Tags.of("direction", "received"));
				add(bufferRows, settings.sendBuffer(), Tags.of("direction", "sent"));
				add(backlogRows, settings.backlog(), Tags.empty());
			}
			this.buffers.register(bufferRows, true);
			this.backlog.register(backlogRows, true);
		}

		private static void add(List<Row<?>> rows, Setting setting, Tags tags) {
			add(rows, setting.requested(), tags.and("kind", "requested"));
			add(rows, setting.effective(), tags.and("kind", "effective"));
			add(rows, setting.maximum(), tags.and("kind", "maximum"));
		}

		private static void add(List<Row<?>> rows, @Nullable Long figure, Tags tags) {
			if (figure != null) {
				rows.add(Row.of(tags, figure));
			}
		}

	}

}
