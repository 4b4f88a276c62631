package io.weir;

import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@code verdict} says over HTTP is what a client meets that connects, in each state
 * of the server.
 */
@Timeout(120)
class VerdictIntegrationTests {

	private static final List<String> atStart = new ArrayList<>();

	private final List<Peer> peers = new ArrayList<>();

	@AfterEach
	void close() throws IOException {
		for (Peer peer : this.peers) {
			peer.close();
		}
	}

	private Peer connect(RunningWeir weir) throws IOException {
		Peer peer = Peer.connect(weir.tcpPort());
		this.peers.add(peer);
		return peer;
	}

	private static String verdict(Actuator actuator) throws Exception {
		return actuator.json("/tcpserver").get("verdict").asString();
	}

	private static void await(Actuator actuator, String verdict) {
		Awaitility.await().untilAsserted(() -> assertThat(verdict(actuator)).isEqualTo(verdict));
	}

	@Test
	void acceptedWaitsAndDroppedAreTold() throws Exception {
		SocketStatistics.assumeAvailable();
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo", "--tcp.server.max-connections=3",
				"--tcp.server.backlog=2"); Actuator actuator = new Actuator(weir.httpPort())) {
			assertThat(verdict(actuator)).isEqualTo("accepted at once");
			for (int i = 0; i < 3; i++) {
				connect(weir).send((byte) 1).receive(1);
			}
			await(actuator, "waits: 3 of 3 places are taken, 0 of 2 wait in the queue");
			connect(weir);
			connect(weir);
			await(actuator, "waits: 3 of 3 places are taken, 2 of 2 wait in the queue");
			connect(weir);
			Awaitility.await()
				.untilAsserted(() -> assertThat(verdict(actuator))
					.startsWith("dropped: the queue of 2 is full with 3, as 3 of 3 places are taken"));
			for (Peer peer : this.peers) {
				peer.close();
			}
			await(actuator, "accepted at once");
		}
	}

	@Test
	void aClientThatIsRefusedIsTold() throws Exception {
		try (RunningWeir weir = RunningWeir.start("--tcp.server.deny=0.0.0.0/0");
				Actuator actuator = new Actuator(weir.httpPort())) {
			assertThat(verdict(actuator)).isEqualTo("refused: tcp.server.deny has every address");
			assertRefused(weir);
			Awaitility.await().until(() -> actuator.json("/tcpserver").at("/connections/rejected/denied").asInt() == 1);
		}
		try (RunningWeir weir = RunningWeir.start("--tcp.server.allow=10.0.0.0/8, 192.0.2.7");
				Actuator actuator = new Actuator(weir.httpPort())) {
			assertThat(verdict(actuator)).isEqualTo("accepted at once; clients from elsewhere than 10.0.0.0/8, "
					+ "192.0.2.7 (tcp.server.allow) are refused");
			assertRefused(weir);
		}
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo",
				"--tcp.server.max-connections-per-address=1"); Actuator actuator = new Actuator(weir.httpPort())) {
			assertThat(verdict(actuator)).isEqualTo("accepted at once");
			Peer served = connect(weir).send((byte) 1);
			assertThat(served.receive(1)).hasSize(1);
			assertThat(verdict(actuator)).isEqualTo("accepted at once; clients from the one address that has 1 open "
					+ "(tcp.server.max-connections-per-address) are refused");
			assertRefused(weir);
			served.close();
			await(actuator, "accepted at once");
		}
	}

	// At its first read or before
	private void assertRefused(RunningWeir weir) throws IOException {
		Peer refused = connect(weir);
		try {
			assertThat(refused.receive(1)).isEmpty();
		}
		catch (SocketException ex) {
			assertThat(ex).hasMessageContaining("reset");
		}
	}

	@Test
	void beforeTheStartAndAfterTheStopNobodyListens() throws Exception {
		atStart.clear();
		try (RunningWeir weir = RunningWeir.start(List.of(LooksBeforeTheStart.class));
				Actuator actuator = new Actuator(weir.httpPort())) {
			assertThat(atStart).containsExactly("nobody listens: the server is starting");
			assertThat(verdict(actuator)).isEqualTo("accepted at once");
			weir.server().stop();
			assertThat(verdict(actuator)).isEqualTo("nobody listens: the server is stopped");
			weir.server().start();
			assertThat(verdict(actuator)).isEqualTo("accepted at once");
		}
	}

	@Test
	void aDrainAcceptsUntilItsDelayIsOver() throws Exception {
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=record", "--tcp.server.drain.delay=6s",
				"--tcp.server.drain.grace-period=30s"); Actuator actuator = new Actuator(weir.httpPort())) {
			// Amid a record: the drain waits for its end
			Peer peer = connect(weir).send((byte) 1);
			Awaitility.await().until(() -> actuator.json("/tcpserver").at("/connections/bytesReceived").asInt() == 1);
			Thread stopping = Thread.ofPlatform().start(weir.server()::stop);
			await(actuator, "accepted at once; only until tcp.server.drain.delay is over");
			await(actuator, "nobody listens: the server drains, and takes no newcomers any more");
			peer.close();
			stopping.join();
			assertThat(verdict(actuator)).isEqualTo("nobody listens: the server is stopped");
		}
	}

	/**
	 * Asks over HTTP after the web server has started and before the TCP server does.
	 */
	@Configuration(proxyBeanMethods = false)
	static class LooksBeforeTheStart {

		@Bean
		SmartLifecycle looksBeforeTheStart(ConfigurableApplicationContext context) {
			return new SmartLifecycle() {

				@Override
				public void start() {
					int port = Objects.requireNonNull(((WebServerApplicationContext) context).getWebServer()).getPort();
					try (Actuator actuator = new Actuator(port)) {
						atStart.add(verdict(actuator));
					}
					catch (Exception ex) {
						throw new IllegalStateException(ex);
					}
				}

				@Override
				public void stop() {
					// Nothing runs
				}

				@Override
				public boolean isRunning() {
					return false;
				}

				@Override
				public int getPhase() {
					return SmartLifecycle.DEFAULT_PHASE - 1;
				}

			};
		}

	}

}
