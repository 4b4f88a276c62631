package io.weir.actuate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import io.weir.Peer;
import io.weir.monitor.RunningServer;
import io.weir.monitor.ServerMonitor;
import io.weir.monitor.ServerSnapshot;
import io.weir.server.AcceptError;
import io.weir.server.ServerState;
import io.weir.server.ServerStatus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link TcpServerHealthIndicator}.
 */
class TcpServerHealthIndicatorTests {

	@Test
	void whenTheServerStartsDrainsAndStopsThenTheStatusFollows() throws Exception {
		try (RunningServer running = new RunningServer(1)) {
			TcpServerHealthIndicator indicator = indicator(running, 100);
			assertHealth(indicator, Status.OUT_OF_SERVICE, "starting");
			running.start();
			assertHealth(indicator, Status.UP, "accepting");
			try (Peer peer = running.connect()) {
				peer.send((byte) 1).receive(1);
				Awaitility.await().until(() -> running.server().status().state(), (state) -> state == ServerState.FULL);
				assertHealth(indicator, Status.UP, "full");
				// A drain waits for what is inside a record
				peer.send((byte) 'p');
				Thread stopping = Thread.ofPlatform().start(running.server()::stop);
				Awaitility.await()
					.until(() -> running.server().status().state(), (state) -> state == ServerState.DRAINING);
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
		Health health = assertHealth(indicator(ServerState.BACKING_OFF, null, Duration.ofMillis(millis)),
				new Status(status), "backing_off");
		if (status.equals("DOWN")) {
			assertThat(health.getDetails().get("error")).asString()
				.isEqualTo("accept(2) has failed for " + millis / 1000 + " s (ENOMEM) and is tried again");
		}
		else {
			assertThat(health.getDetails()).doesNotContainKey("error");
		}
	}

	@ParameterizedTest
	@CsvSource({ "0, false, UP", "9999, false, UP", "10000, false, OUT_OF_SERVICE", "10000, true, UP" })
	void whenNewcomersWaitForTenSecondsThenItIsOutOfServiceIfThatIsWanted(long millis, boolean up, String status) {
		Health health = assertHealth(indicator(ServerState.FULL, null, Duration.ZERO, Duration.ofMillis(millis), up),
				new Status(status), "full");
		if (status.equals("UP")) {
			assertThat(health.getDetails()).doesNotContainKey("error");
		}
		else {
			assertThat(health.getDetails()).containsEntry("error",
					"all places are taken, and newcomers have waited for 10 s");
		}
	}

	@Test
	void whenTheAcceptLoopFailedThenItIsDownWithTheCause() {
		Health health = assertHealth(indicator(ServerState.FAILED, new IllegalStateException("a bug"), Duration.ZERO),
				Status.DOWN, "failed");
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
			Health health = assertHealth(indicator(running, 2), Status.UP, "accepting");
			assertThat(health.getDetails())
				.containsEntry("address", "127.0.0.1:" + Objects.requireNonNull(running.server().address()).getPort())
				.containsEntry("activeConnections", 3)
				.containsEntry("findings", List.of())
				.containsKey("kernel");
			assertThat(health.getDetails()).containsEntry("settings",
					SettingBody.All.of(Objects.requireNonNull(running.server().settings())));
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

	private static TcpServerHealthIndicator indicator(RunningServer running, int max) {
		return new TcpServerHealthIndicator(running.monitor(), running.connections(), max, true);
	}

	private static TcpServerHealthIndicator indicator(ServerState state, @Nullable Throwable failure,
			Duration backingOffFor) {
		return indicator(state, failure, backingOffFor, Duration.ZERO, true);
	}

	private static TcpServerHealthIndicator indicator(ServerState state, @Nullable Throwable failure,
			Duration backingOffFor, Duration fullFor, boolean upWhenFull) {
		RunningServer running = new RunningServer(1);
		ServerStatus status = running.server().status();
		ServerSnapshot snapshot = running.monitor().snapshot();
		ServerMonitor monitor = mock(ServerMonitor.class);
		given(monitor.snapshot()).willReturn(new ServerSnapshot(
				new ServerStatus(state, state, failure, backingOffFor, AcceptError.ENOMEM, null, null, null,
						status.protocol(), status.protocolSource(), status.sockets(), status.serving(),
						status.admission(), 0, status.stalls(), status.acceptErrors()),
				snapshot.acceptQueue(), snapshot.source(), fullFor, snapshot.connections(), snapshot.records(), null,
				snapshot.limits(), snapshot.events(), snapshot.findings(), snapshot.verdict(), snapshot.diagnosed()));
		return new TcpServerHealthIndicator(monitor, running.connections(), 1, upWhenFull);
	}

	private static Health assertHealth(TcpServerHealthIndicator indicator, Status status, String state) {
		Health health = Objects.requireNonNull(indicator.health());
		assertThat(health.getStatus()).isEqualTo(status);
		Map<String, Object> details = health.getDetails();
		assertThat(details).containsEntry("state", state).containsKeys("findings", "activeConnections", "connections");
		return health;
	}

}
