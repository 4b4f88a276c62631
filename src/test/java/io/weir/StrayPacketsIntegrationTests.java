package io.weir;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import io.weir.kernel.NetworkNamespace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What is an overflow of the accept queue and what is not, by the kernel: the jar in a
 * network of its own, so that its counters are the server's alone.
 */
class StrayPacketsIntegrationTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@AutoClose
	private final Opened opened = new Opened();

	@SuppressWarnings("NullAway.Init")
	private NetworkNamespace network;

	@SuppressWarnings("NullAway.Init")
	private WeirProcess weir;

	@SuppressWarnings("NullAway.Init")
	private Actuator actuator;

	@BeforeEach
	void makeNetwork() throws InterruptedException {
		this.network = this.opened.later(new NetworkNamespace());
	}

	private void start(String... arguments) throws Exception {
		List<String> all = new ArrayList<>(
				List.of("--tcp.server.port=0", "--tcp.server.protocol=echo", "--tcp.server.sampling.interval=50ms"));
		all.addAll(List.of(arguments));
		this.weir = this.opened
			.later(this.network.call(() -> WeirProcess.start(this.directory, Map.of(), all.toArray(String[]::new))))
			.awaitStarted();
		this.actuator = this.opened.later(this.network.call(this.weir::actuator));
	}

	private JsonNode server() throws Exception {
		return this.network.call(() -> this.actuator.json("/tcpserver"));
	}

	private void sendStrayPackets(int count) throws Exception {
		String script = Path.of(Objects.requireNonNull(getClass().getResource("stray_packets.py")).toURI()).toString();
		boolean sent = this.network.call(() -> Command.succeeds("python3", script,
				Integer.toString(this.weir.tcpPort()), Integer.toString(count)));
		assumeTrue(sent, "no raw socket, or no python3");
	}

	@Test
	void strayPacketsAreDropsAndNoOverflows() throws Exception {
		start();
		sendStrayPackets(1000);
		Awaitility.await().untilAsserted(() -> assertThat(server().at("/acceptQueue/drops").asInt()).isPositive());
		assertNoOverflow();
		String scrape = this.network.call(() -> this.actuator.text("/prometheus"));
		assertThat(scrape).contains("tcp_server_accept_queue_overflows_connections_total 0.0")
			.containsPattern("tcp_server_listener_drops_packets_total [1-9]");
	}

	private void assertNoOverflow() throws Exception {
		assertThat(this.network.count("ListenOverflows")).isZero();
		JsonNode server = server();
		assertThat(server.at("/acceptQueue/overflows").asInt(-1)).isZero();
		assertThat(server.at("/findings").toString()).doesNotContain("accept-queue");
		assertThat(this.weir.log()).doesNotContain("accept-queue");
	}

	@Test
	void checksOfHaproxyAreNoOverflows() throws Exception {
		assumeTrue(Command.succeeds("haproxy", "-v"), "haproxy is not installed");
		start();
		Path configuration = Files.writeString(this.directory.resolve("haproxy.cfg"), """
				defaults
				  mode tcp
				  timeout connect 1s
				  timeout client 5s
				  timeout server 5s
				listen weir
				  bind 127.0.0.1:1
				  server weir 127.0.0.1:%d check inter 10ms
				""".formatted(this.weir.tcpPort()));
		Path log = this.directory.resolve("haproxy.log");
		Process haproxy = this.network
			.call(() -> new ProcessBuilder("haproxy", "-db", "-f", configuration.toString()).redirectErrorStream(true)
				.redirectOutput(log.toFile())
				.start());
		try {
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.untilAsserted(
						() -> assertThat(server().at("/acceptQueue/drops").asInt()).as(() -> Command.written(log))
							.isGreaterThan(50));
		}
		finally {
			haproxy.destroy();
			assertThat(haproxy.waitFor(10, TimeUnit.SECONDS)).isTrue();
		}
		assertNoOverflow();
	}

	@Test
	void overflowsAreAsManyAsTheKernelCountsAmongStrayPacketsToo() throws Exception {
		start("--tcp.server.max-connections=1", "--tcp.server.backlog=2");
		InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), this.weir.tcpPort());
		Peer served = this.opened.later(this.network.call(() -> Peer.connect(address)));
		served.send((byte) 1).receive(1);
		for (int i = 0; i < 20; i++) {
			this.network.call(() -> {
				SocketChannel waiting = this.opened.later(SocketChannel.open(StandardProtocolFamily.INET));
				waiting.configureBlocking(false);
				return waiting.connect(address);
			});
		}
		sendStrayPackets(200);
		// Those that were dropped try again, so that the numbers go on growing
		Awaitility.await().pollInterval(Duration.ofMillis(300)).untilAsserted(() -> {
			long counted = this.network.count("ListenOverflows");
			JsonNode queue = server().at("/acceptQueue");
			assertThat(counted).isGreaterThan(16);
			assertThat(queue.at("/overflows").asLong()).isEqualTo(counted);
			assertThat(queue.at("/drops").asLong()).isGreaterThan(counted);
			assertThat(queue.at("/length").asInt()).isEqualTo(3);
			assertThat(server().at("/findings").toString()).contains("accept-queue");
		});
	}

}
