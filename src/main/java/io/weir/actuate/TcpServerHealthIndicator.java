package io.weir.actuate;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.server.EffectiveSettings;
import io.weir.server.ServerState;
import io.weir.server.Setting;
import io.weir.server.TcpServer;

/**
 * Whether connections are accepted: up also when full, or when accepting has failed for a
 * short while only.
 */
public class TcpServerHealthIndicator extends AbstractHealthIndicator {

	private static final Duration SHORT_WHILE = Duration.ofSeconds(10);

	private final TcpServer server;

	private final ConnectionRegistry connections;

	private final ProcReader kernel;

	private final Findings findings;

	private final int maxConnections;

	/**
	 * Creates the indicator.
	 * @param server the listener
	 * @param connections its connections
	 * @param kernel the kernel's limits
	 * @param findings what to tell beside
	 * @param maxConnections how many connections are listed at the most
	 */
	public TcpServerHealthIndicator(TcpServer server, ConnectionRegistry connections, ProcReader kernel,
			Findings findings, int maxConnections) {
		this.server = server;
		this.connections = connections;
		this.kernel = kernel;
		this.findings = findings;
		this.maxConnections = maxConnections;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		ServerState state = this.server.state();
		switch (state) {
			case ACCEPTING, FULL -> builder.up();
			case BACKING_OFF -> backingOff(builder, this.server.backingOffFor());
			case FAILED -> {
				builder.down();
				Throwable failure = this.server.failure();
				builder.withDetail("error", "the accept loop failed and will be started again: " + failure);
			}
			case STARTING, DRAINING, STOPPED -> builder.outOfService();
		}
		builder.withDetail("state", state.text());
		String address = TcpServerEndpoint.text(this.server.address());
		if (address != null) {
			builder.withDetail("address", address);
		}
		EffectiveSettings settings = this.server.settings();
		if (settings != null) {
			builder.withDetail("settings", brief(settings));
		}
		builder.withDetail("kernel", TcpServerEndpoint.json(this.kernel.limits()));
		builder.withDetail("findings", this.findings.current());
		builder.withDetail("activeConnections", this.connections.active());
		builder.withDetail("connections", connections());
	}

	private static void backingOff(Health.Builder builder, Duration time) {
		if (time.compareTo(SHORT_WHILE) < 0) {
			builder.up();
		}
		else {
			builder.down().withDetail("error", "no connection could be accepted for " + time.toSeconds() + " s");
		}
	}

	private static Map<String, Object> brief(EffectiveSettings settings) {
		Map<String, Object> brief = new LinkedHashMap<>();
		brief.put("backlog", brief(settings.backlog()));
		brief.put("receiveBuffer", brief(settings.receiveBuffer()));
		brief.put("sendBuffer", brief(settings.sendBuffer()));
		brief.put("maxConnections", brief(settings.maxConnections()));
		return brief;
	}

	private static Map<String, @Nullable Long> brief(Setting setting) {
		Map<String, @Nullable Long> brief = new LinkedHashMap<>();
		brief.put("requested", setting.requested());
		brief.put("effective", setting.effective());
		return brief;
	}

	private List<OpenConnection> connections() {
		return this.connections.connections()
			.stream()
			.limit(this.maxConnections)
			.map((connection) -> new OpenConnection(Long.toString(connection.id()), connection.bytesReceived(),
					connection.bytesSent()))
			.toList();
	}

	/**
	 * One open connection, in short.
	 *
	 * @param id its number
	 * @param bytesReceived bytes read from it
	 * @param bytesSent bytes written to it
	 */
	public record OpenConnection(String id, long bytesReceived, long bytesSent) {
	}

}
