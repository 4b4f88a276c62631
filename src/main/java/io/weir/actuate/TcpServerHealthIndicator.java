package io.weir.actuate;

import java.time.Duration;
import java.util.List;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

import io.weir.monitor.TimeText;
import io.weir.monitor.OpenConnections;
import io.weir.monitor.ServerMonitor;
import io.weir.monitor.ServerSnapshot;
import io.weir.monitor.Verdict;
import io.weir.server.EffectiveSettings;
import io.weir.server.ServerStatus;

/**
 * Whether connections are accepted: up also when full, unless that is not wanted, or when
 * accepting has failed for a short while only.
 */
public class TcpServerHealthIndicator extends AbstractHealthIndicator {

	private static final Duration SHORT_WHILE = Duration.ofSeconds(10);

	private final ServerMonitor monitor;

	private final OpenConnections connections;

	private final int maxConnections;

	private final boolean upWhenFull;

	/**
	 * Creates the indicator.
	 * @param monitor knows the server
	 * @param connections its connections
	 * @param maxConnections how many connections are listed at most
	 * @param upWhenFull whether it is up while newcomers wait for a place, however long
	 */
	public TcpServerHealthIndicator(ServerMonitor monitor, OpenConnections connections, int maxConnections,
			boolean upWhenFull) {
		this.monitor = monitor;
		this.connections = connections;
		this.maxConnections = maxConnections;
		this.upWhenFull = upWhenFull;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		ServerSnapshot snapshot = this.monitor.snapshot();
		ServerStatus server = snapshot.server();
		switch (server.state()) {
			case ACCEPTING -> builder.up();
			case FULL -> full(builder, snapshot.fullFor());
			case BACKING_OFF -> backingOff(builder, server);
			case FAILED -> builder.down()
				.withDetail("error", "the accept loop failed and will be started again: " + server.failure());
			case STARTING, DRAINING, STOPPED -> builder.outOfService();
		}
		builder.withDetail("state", server.state().text());
		String address = server.addressText();
		if (address != null) {
			builder.withDetail("address", address);
		}
		EffectiveSettings settings = server.settings();
		if (settings != null) {
			builder.withDetail("settings", SettingBody.All.of(settings));
		}
		builder.withDetail("kernel", KernelBody.of(snapshot.limits()));
		builder.withDetail("findings", snapshot.findings());
		builder.withDetail("activeConnections", snapshot.connections().active());
		builder.withDetail("connections", connections());
	}

	private void full(Health.Builder builder, Duration time) {
		if (this.upWhenFull || time.compareTo(SHORT_WHILE) < 0) {
			builder.up();
		}
		else {
			builder.outOfService()
				.withDetail("error", "all places are taken, and newcomers have waited for " + TimeText.measured(time));
		}
	}

	private static void backingOff(Health.Builder builder, ServerStatus server) {
		if (server.backingOffFor().compareTo(SHORT_WHILE) < 0) {
			builder.up();
		}
		else {
			builder.down().withDetail("error", Verdict.backingOff(server));
		}
	}

	private List<OpenConnection> connections() {
		return this.connections.all()
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
