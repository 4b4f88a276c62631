package io.weir.actuate;

import io.weir.FakeDiagnostics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import io.weir.Peer;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.server.ServerState;
import io.weir.server.TcpServer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link TcpServerHealthIndicator}.
 */
class TcpServerHealthIndicatorTests {

	private final ProcReader kernel = new ProcReader();

	@Test
	void whenTheServerStartsDrainsAndStopsThenTheStatusFollows() throws Exception {
		try (RunningServer running = new RunningServer(1)) {
			TcpServerHealthIndicator indicator = indicator(running.server(), running.registry(), 100);
			assertHealth(indicator, Status.OUT_OF_SERVICE, "starting");
			running.start();
			assertHealth(indicator, Status.UP, "accepting");
			try (Peer peer = running.connect()) {
				peer.send((byte) 1).receive(1);
				Awaitility.await().until(running.server()::state, (state) -> state == ServerState.FULL);
				assertHealth(indicator, Status.UP, "full");
				Thread stopping = Thread.ofPlatform().start(running.server()::stop);
				Awaitility.await().until(running.server()::state, (state) -> state == ServerState.DRAINING);
				assertHealth(indicator, Status.OUT_OF_SERVICE, "draining");
				peer.endStream().receiveToEnd();
				Awaitility.await().until(() -> !stopping.isAlive());
			}
			Health stopped = assertHealth(indicator, Status.OUT_OF_SERVICE, "stopped");
			assertThat(stopped.getDetails()).doesNotContainKeys("address", "settings", "error");
		}
	}

	// States that only a failing system or a bug brings about
	@ParameterizedTest
	@CsvSource({ "0, UP", "9999, UP", "10000, DOWN", "60000, DOWN" })
	void whenBackingOffThenItIsDownAfterTenSeconds(long millis, String status) {
		TcpServer server = mock(TcpServer.class);
		given(server.state()).willReturn(ServerState.BACKING_OFF);
		given(server.backingOffFor()).willReturn(Duration.ofMillis(millis));
		Health health = assertHealth(indicator(server, new ConnectionRegistry(), 100), new Status(status),
				"backing_off");
		if (status.equals("DOWN")) {
			assertThat(health.getDetails().get("error")).asString()
				.isEqualTo("no connection could be accepted for " + millis / 1000 + " s");
		}
		else {
			assertThat(health.getDetails()).doesNotContainKey("error");
		}
	}

	@Test
	void whenTheAcceptLoopFailedThenItIsDownWithTheCause() {
		TcpServer server = mock(TcpServer.class);
		given(server.state()).willReturn(ServerState.FAILED);
		given(server.failure()).willReturn(new IllegalStateException("a bug"));
		Health health = assertHealth(indicator(server, new ConnectionRegistry(), 100), Status.DOWN, "failed");
		assertThat(health.getDetails().get("error")).asString().contains("accept loop failed", "a bug");
	}

	@Test
	void whenUpThenTheDetailsAreThere() throws Exception {
		try (RunningServer running = new RunningServer(10).start()) {
			List<Peer> peers = new ArrayList<>();
			for (int i = 0; i < 3; i++) {
				peers.add(running.connect());
				peers.getLast().send((byte) 1, (byte) 2).receive(2);
			}
			Health health = assertHealth(indicator(running.server(), running.registry(), 2), Status.UP, "accepting");
			assertThat(health.getDetails())
				.containsEntry("address", "127.0.0.1:" + Objects.requireNonNull(running.server().address()).getPort())
				.containsEntry("activeConnections", 3)
				.containsEntry("findings", List.of())
				.containsKey("kernel");
			assertThat(health.getDetails().get("settings")).asInstanceOf(InstanceOfAssertFactories.MAP)
				.containsOnlyKeys("backlog", "receiveBuffer", "sendBuffer", "maxConnections")
				.hasEntrySatisfying("maxConnections",
						(setting) -> assertThat(setting).asInstanceOf(InstanceOfAssertFactories.MAP)
							.containsEntry("requested", 10L)
							.containsKey("effective"));
			assertThat(health.getDetails().get("connections")).asInstanceOf(InstanceOfAssertFactories.LIST)
				.hasSize(2)
				.allSatisfy((connection) -> assertThat(connection).isInstanceOfSatisfying(
						TcpServerHealthIndicator.OpenConnection.class,
						(open) -> assertThat(open.bytesReceived()).isEqualTo(2)));
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

	private TcpServerHealthIndicator indicator(TcpServer server, ConnectionRegistry registry, int most) {
		return new TcpServerHealthIndicator(server, registry, this.kernel,
				new Findings(server, new ListenerFigures(server, new FakeDiagnostics()), this.kernel), most);
	}

	private static Health assertHealth(TcpServerHealthIndicator indicator, Status status, String state) {
		Health health = Objects.requireNonNull(indicator.health());
		assertThat(health.getStatus()).isEqualTo(status);
		Map<String, Object> details = health.getDetails();
		assertThat(details).containsEntry("state", state).containsKeys("findings", "activeConnections", "connections");
		return health;
	}

}
