package io.weir.actuate;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

import io.weir.connection.CloseReason;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.kernel.KernelEvents;
import io.weir.kernel.KernelLimit;
import io.weir.kernel.KernelLimits;
import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.ProcReader;
import io.weir.server.EffectiveSettings;
import io.weir.server.Setting;
import io.weir.server.TcpServer;
import io.weir.tls.ServerTls;

/**
 * {@code /actuator/tcpserver}: the listener, its settings as requested and as granted,
 * and the kernel's limits.
 */
@Endpoint(id = "tcpserver")
public class TcpServerEndpoint {

	private final TcpServer server;

	private final ConnectionRegistry connections;

	private final ListenerFigures listener;

	private final ProcReader kernel;

	private final Findings findings;

	/**
	 * Creates the endpoint.
	 * @param server the listener
	 * @param connections its connections
	 * @param listener what the kernel says about it
	 * @param kernel the kernel's limits and events
	 * @param findings what to tell beside
	 */
	public TcpServerEndpoint(TcpServer server, ConnectionRegistry connections, ListenerFigures listener,
			ProcReader kernel, Findings findings) {
		this.server = server;
		this.connections = connections;
		this.listener = listener;
		this.kernel = kernel;
		this.findings = findings;
	}

	@ReadOperation
	TcpServerBody tcpServer() {
		Totals totals = this.connections.totals();
		EffectiveSettings settings = this.server.settings();
		return new TcpServerBody(this.server.state().text(), text(this.server.address()), this.server.protocol(),
				this.server.startedAt(), (settings != null) ? SettingsBody.of(settings) : null, acceptQueue(),
				new ConnectionsBody(this.connections.active(), this.connections.accepted(), json(totals.closed()),
						totals.bytesReceived(), totals.bytesSent()),
				new RecordsBody(totals.records(), totals.closed(CloseReason.PARTIAL_RECORD)),
				json(this.kernel.limits()), events(), SslBody.of(this.server.tls()), this.findings.current());
	}

	private Object acceptQueue() {
		return this.listener.read().fold(this::acceptQueue, UnavailableBody::new);
	}

	private Object acceptQueue(ListenerDiagnostics figures) {
		return new AcceptQueueBody(figures.queueLength(), boxed(figures.queueLimit()), boxed(figures.overflows()),
				this.listener.source().text());
	}

	private static @Nullable Long boxed(OptionalLong number) {
		return number.isPresent() ? number.getAsLong() : null;
	}

	private Object events() {
		KernelEvents events = this.kernel.events();
		String reason = events.reason();
		return (events.counters().isEmpty() && reason != null) ? new UnavailableBody(reason) : events.counters();
	}

	static @Nullable String text(@Nullable InetSocketAddress address) {
		return (address != null) ? address.getAddress().getHostAddress() + ":" + address.getPort() : null;
	}

	static Map<String, Object> json(KernelLimits limits) {
		Map<String, Object> json = new LinkedHashMap<>();
		limits.values()
			.forEach((name, limit) -> json.put(name, limit.fold(TcpServerEndpoint::json, UnavailableBody::new)));
		return json;
	}

	private static Object json(KernelLimit limit) {
		return switch (limit) {
			case KernelLimit.Scalar scalar -> scalar.value();
			case KernelLimit.Vector vector -> vector.members();
			case KernelLimit.Text text -> text.value();
		};
	}

	private static Map<String, Long> json(Map<CloseReason, Long> closed) {
		Map<String, Long> json = new LinkedHashMap<>();
		closed.forEach((reason, count) -> json.put(reason.text(), count));
		return json;
	}

	/**
	 * What {@code /actuator/tcpserver} answers.
	 */
	@JsonInclude(Include.ALWAYS)
	record TcpServerBody(String state, @Nullable String address, String protocol, @Nullable Instant startedAt,
			@Nullable SettingsBody settings, Object acceptQueue, ConnectionsBody connections, RecordsBody records,
			Map<String, Object> kernel, Object events, @Nullable SslBody ssl, List<Finding> findings) {
	}

	record SettingsBody(SettingBody backlog, BufferBody receiveBuffer, BufferBody sendBuffer,
			SettingBody maxConnections) {

		static SettingsBody of(EffectiveSettings settings) {
			return new SettingsBody(SettingBody.of(settings.backlog()), BufferBody.of(settings.receiveBuffer()),
					BufferBody.of(settings.sendBuffer()), SettingBody.of(settings.maxConnections()));
		}

	}

	@JsonInclude(Include.ALWAYS)
	record SettingBody(@Nullable Long requested, @Nullable Long effective, @Nullable Long maximum,
			@Nullable String limitedBy, String source, @JsonInclude(Include.NON_NULL) @Nullable String reason) {

		static SettingBody of(Setting setting) {
			return new SettingBody(setting.requested(), setting.effective(), setting.maximum(), setting.limitedBy(),
					setting.source().text(), setting.reason());
		}

	}

	@JsonInclude(Include.ALWAYS)
	record BufferBody(@Nullable Long requested, @Nullable Long effective, @Nullable Long usable, @Nullable Long maximum,
			@Nullable String limitedBy, boolean autotuned, String source,
			@JsonInclude(Include.NON_NULL) @Nullable String reason) {

		static BufferBody of(Setting setting) {
			return new BufferBody(setting.requested(), setting.effective(), setting.usable(), setting.maximum(),
					setting.limitedBy(), setting.autotuned(), setting.source().text(), setting.reason());
		}

	}

	record ConnectionsBody(long active, long accepted, Map<String, Long> closed, long bytesReceived, long bytesSent) {
	}

	record SslBody(String bundle, String subject, Instant notAfter) {

		static @Nullable SslBody of(@Nullable ServerTls tls) {
			return (tls != null) ? new SslBody(tls.bundle(), tls.certificate().subject(), tls.certificate().notAfter())
					: null;
		}

	}

	record RecordsBody(long unpacked, long partial) {
	}

	@JsonInclude(Include.ALWAYS)
	record AcceptQueueBody(long length, @Nullable Long limit, @Nullable Long overflows, String source) {
	}

}
