package io.weir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a handler that computes, blocks or does not end costs the others, and what is told
 * of it.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class MisbehavingHandlerIntegrationTests {

	private static final byte ECHO = 'e';

	private static final byte COMPUTE = 'c';

	private static final byte STAY = 's';

	@ParameterizedTest
	@ValueSource(strings = { "virtual", "platform" })
	void whenOneComputesForFiveSecondsThenOthersAreServedMeanwhile(String threads) throws Exception {
		try (RunningWeir weir = start(threads); Peer other = connect(weir, ECHO)) {
			Duration calm = slowest(weir, other, Duration.ofMillis(500));
			Odd odd = weir.bean(Odd.class);
			long begin = System.nanoTime();
			try (Peer busy = connect(weir, COMPUTE)) {
				Awaitility.await().until(() -> odd.computing.getCount() == 0);
				// Three times what the machine takes without it
				assertThat(slowest(weir, other, Duration.ofSeconds(4)))
					.isLessThan(calm.multipliedBy(3).plusMillis(250));
				assertThat(busy.receive(1)).containsExactly(COMPUTE);
				// It was still computing
				assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofSeconds(5),
						Duration.ofSeconds(20));
			}
		}
	}

	// Exchanges for some time, also as a newcomer
	private static Duration slowest(RunningWeir weir, Peer other, Duration time) {
		List<Duration> all = new ArrayList<>();
		long begin = System.nanoTime();
		Awaitility.await().pollInterval(Duration.ofMillis(50)).until(() -> {
			Stopwatch open = Stopwatch.start();
			assertThat(other.send((byte) 1).receive(1)).hasSize(1);
			all.add(open.time());
			Stopwatch come = Stopwatch.start();
			try (Peer newcomer = Peer.connect(weir.tcpPort())) {
				assertThat(newcomer.send(ECHO).receive(1)).hasSize(1);
			}
			all.add(come.time());
			return System.nanoTime() - begin > time.toNanos();
		});
		return Collections.max(all);
	}

	@Test
	void whenOneComputesOnAnEventLoopThenAFindingNamesItAndAllAreServedAfterwards() throws Exception {
		try (RunningWeir weir = start("auto");
				Actuator actuator = new Actuator(weir.httpPort());
				Peer busy = connect(weir, COMPUTE)) {
			JsonNode finding = awaitFinding(actuator, "event loop");
			assertThat(finding.at("/setting").asString()).isEqualTo("threads");
			assertThat(finding.at("/message").asString()).contains("connection-1 has computed or blocked for ");
			assertThat(finding.at("/remedy").asString()).contains("virtual or platform");
			try (Peer other = connect(weir, ECHO)) {
				assertThat(other.send((byte) 1).receive(1)).hasSize(1);
			}
			assertThat(busy.receive(1)).containsExactly(COMPUTE);
			assertThat(actuator.json("/tcpserver").at("/protocolSource").asString()).isEqualTo("bean");
			assertThat(actuator.json("/tcpserver").at("/protocol").asString()).isEqualTo("odd");
		}
	}

	@Test
	void whenOneDoesNotEndThenAFindingCountsItUntilItDoesAndItsPlaceIsFreeThen() throws Exception {
		try (RunningWeir weir = start("virtual", "--tcp.server.max-connections=2",
				"--management.endpoint.tcpconnections.access=unrestricted");
				Actuator actuator = new Actuator(weir.httpPort())) {
			Odd odd = weir.bean(Odd.class);
			try (Peer first = connect(weir, STAY); Peer second = connect(weir, STAY)) {
				// Else they would end without staying
				Awaitility.await().until(() -> odd.staying.getCount() == 0);
				assertThat(actuator.status("DELETE", "/tcpconnections/1")).isEqualTo(204);
				assertThat(actuator.status("DELETE", "/tcpconnections/2")).isEqualTo(204);
				assertThat(first.receiveToEnd()).isEmpty();
				assertThat(second.receiveToEnd()).isEmpty();
				JsonNode finding = awaitFinding(actuator,
						"handlers that have not ended 10 s after their connections: 2");
				assertThat(finding.at("/setting").asString()).isEqualTo("protocol");
				assertThat(finding.at("/message").asString()).contains("connection-1");
				assertThat(odd.interrupts.getCount()).isZero();
				// Both places are taken
				try (Peer newcomer = Peer.connect(weir.tcpPort())) {
					newcomer.timeout(300);
					assertThat(newcomer.send(ECHO)).isNotNull();
					assertThat(actuator.json("/tcpserver").at("/state").asString()).isEqualTo("full");
					odd.end.countDown();
					newcomer.timeout(10_000);
					assertThat(newcomer.receive(1)).containsExactly(ECHO);
				}
				assertThat(actuator.json("/tcpserver").at("/connections/closed/closed_by_operator").asInt())
					.isEqualTo(2);
				Awaitility.await()
					.untilAsserted(() -> assertThat(actuator.json("/tcpserver").at("/findings").toString())
						.doesNotContain("have not ended"));
			}
		}
	}

	private static RunningWeir start(String threads, String... more) {
		return RunningWeir.start(List.of(OddProtocol.class),
				Stream
					.concat(Stream.of("--tcp.server.protocol=odd", "--tcp.server.threads=" + threads), Stream.of(more))
					.toArray(String[]::new));
	}

	private static Peer connect(RunningWeir weir, byte what) throws IOException {
		Peer peer = Peer.connect(weir.tcpPort());
		peer.send(what);
		if (what == ECHO) {
			peer.receive(1);
		}
		return peer;
	}

	private static JsonNode awaitFinding(Actuator actuator, String words) {
		return Awaitility.await(words).atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(100)).until(() -> {
			for (JsonNode finding : actuator.json("/tcpserver").at("/findings")) {
				if (finding.at("/message").asString().contains(words)) {
					return finding;
				}
			}
			return null;
		}, Objects::nonNull);
	}

	@Configuration(proxyBeanMethods = false)
	static class OddProtocol {

		@Bean
		Odd odd() {
			return new Odd();
		}

	}

	/**
	 * Does what the first byte asks for, and echoes that byte when it has.
	 */
	static final class Odd implements ConnectionHandler {

		final CountDownLatch end = new CountDownLatch(1);

		final CountDownLatch computing = new CountDownLatch(1);

		final CountDownLatch staying = new CountDownLatch(2);

		final CountDownLatch interrupts = new CountDownLatch(2);

		@Override
		public void handle(ClientConnection connection) throws IOException {
			ByteBuffer buffer = ByteBuffer.allocate(1);
			while (connection.read(buffer.clear()) >= 0) {
				switch (buffer.get(0)) {
					case COMPUTE -> compute();
					case STAY -> stay();
					default -> {
					}
				}
				connection.write(buffer.flip());
			}
		}

		private void compute() {
			this.computing.countDown();
			long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
			while (System.nanoTime() - end < 0) {
				Thread.onSpinWait();
			}
		}

		private void stay() {
			this.staying.countDown();
			while (this.end.getCount() > 0) {
				try {
					this.end.await();
				}
				catch (InterruptedException ex) {
					// What no handler should do
					this.interrupts.countDown();
				}
			}
		}

	}

}
