package io.weir;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

import io.weir.connection.ConnectionRegistry;
import io.weir.server.ServerState;
import io.weir.server.TcpServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The whole application stopped and started again and again.
 */
@Timeout(180)
class RestartIntegrationTests {

	@Test
	void whenStoppedAndStartedAHundredTimesThenNothingLeaksAndThePortIsFree() throws Exception {
		int port = FreePort.find();
		try (ConfigurableApplicationContext context = run(port)) {
			TcpServer server = context.getBean(TcpServer.class);
			restart(context, port, 20);
			List<String> meters = metersAfterASample(context);
			Footprint before = Footprint.now();
			restart(context, port, 80);
			assertThat(server.status().state()).isEqualTo(ServerState.ACCEPTING);
			assertThat(metersAfterASample(context)).isEqualTo(meters);
			Footprint.awaitNoMoreThan(before);
			for (String name : List.of("tcp-accept", "tcp-watchdog", "tcp-sampler")) {
				Awaitility.await().untilAsserted(() -> assertThat(threads(name)).as(name).isEqualTo(1));
			}
		}
		assertFree(port);
	}

	// Its heap is not compared: closed contexts, some 2 MB each, are softly reachable (as
	// long as there is memory) from a static cache of Boot's OnAvailableEndpointCondition
	@Test
	void whenTheContextIsMadeAndClosedAgainAndAgainThenNoThreadOrFileLeaksAndThePortIsFree() throws Exception {
		int port = FreePort.find();
		makeAndClose(port, 2);
		Footprint before = Footprint.now();
		makeAndClose(port, 4);
		Awaitility.await().untilAsserted(() -> {
			Footprint now = Footprint.now();
			assertThat(now.threads()).isLessThanOrEqualTo(before.threads() + 4);
			assertThat(now.files()).isLessThanOrEqualTo(before.files() + 4);
		});
		for (String name : List.of("tcp-accept", "tcp-watchdog", "tcp-sampler")) {
			Awaitility.await().untilAsserted(() -> assertThat(threads(name)).as(name).isZero());
		}
	}

	private static void makeAndClose(int port, int times) throws Exception {
		for (int i = 0; i < times; i++) {
			try (ConfigurableApplicationContext context = run(port)) {
				exchange(context, port);
			}
			assertFree(port);
		}
	}

	private static ConfigurableApplicationContext run(int port) {
		return SpringApplication.run(WeirApplication.class, "--server.port=0", "--tcp.server.port=" + port,
				"--tcp.server.protocol=echo");
	}

	private static void restart(ConfigurableApplicationContext context, int port, int times) throws Exception {
		for (int i = 0; i < times; i++) {
			context.stop();
			assertThat(context.getBean(TcpServer.class).status().state()).isEqualTo(ServerState.STOPPED);
			assertFree(port);
			context.start();
			exchange(context, port);
		}
	}

	private static void exchange(ConfigurableApplicationContext context, int port) throws Exception {
		try (Peer peer = Peer.connect(port)) {
			assertThat(peer.send((byte) 1).receive(1)).containsExactly(1);
		}
		ConnectionRegistry registry = context.getBean(ConnectionRegistry.class);
		Awaitility.await().until(() -> registry.active() == 0);
	}

	private static void assertFree(int port) throws Exception {
		try (ServerSocket socket = new ServerSocket()) {
			// Of its connections one may be in TIME_WAIT
			socket.setReuseAddress(true);
			socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
			assertThat(socket.isBound()).isTrue();
		}
	}

	// A sample of a server that listens puts queues in, and without connections takes
	// RTTs out
	private static List<String> metersAfterASample(ConfigurableApplicationContext context) {
		return Awaitility.await()
			.until(() -> meters(context), (meters) -> meters.toString().contains("tcp.server.queued")
					&& !meters.toString().contains("tcp.server.rtt"));
	}

	private static List<String> meters(ConfigurableApplicationContext context) {
		return context.getBean(MeterRegistry.class)
			.getMeters()
			.stream()
			.map(Meter::getId)
			.map(Object::toString)
			// One a collection's cause, the tests' own among them
			.filter((id) -> !id.contains("jvm.gc."))
			.sorted()
			.toList();
	}

	private static long threads(String name) {
		return Thread.getAllStackTraces().keySet().stream().filter((thread) -> thread.getName().equals(name)).count();
	}

}
