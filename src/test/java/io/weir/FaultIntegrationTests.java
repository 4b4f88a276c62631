package io.weir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import io.weir.kernel.NetworkNamespace;

import static io.weir.protocol.Recipe.DATA;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Faults that only a process of its own can be brought into. Another client is served
 * meanwhile as ever.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class FaultIntegrationTests {

	private static final int BEGUN = 10_000_000;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenMemoryRunsOutInAConnectionThenItEndsAloneAndIfItRepeatsLivenessIsBroken() throws Exception {
		// What has come of a record takes a buffer of 17 MB each: there is room for two
		List<String> options = List.of("-Xmx64m", "-XX:MaxDirectMemorySize=48m");
		try (WeirProcess weir = WeirProcess
			.start(List.of(), options, this.directory, Map.of(), "--tcp.server.port=0",
					"--tcp.server.protocol=echo-record", "--tcp.server.record-format=16000000s")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			int port = weir.tcpPort();
			Peer first = Peer.connect(port);
			try (Bystander other = new Bystander(first, () -> assertThat(isServed(port)).isTrue())) {
				Peer second = beginRecord(port);
				Peer third = beginRecord(port);
				awaitReceived(actuator, 2L * BEGUN);
				assertEndsInsideARecord(port);
				Awaitility.await().untilAsserted(() -> assertThat(handlerErrors(actuator)).isEqualTo(1));
				weir.awaitLog("OutOfMemoryError");
				assertStatus(actuator, "/health/liveness", "UP");
				// There is room again
				second.close();
				Awaitility.await()
					.until(() -> actuator.json("/tcpserver").at("/connections/closed/partial_record").asInt() == 1);
				long before = actuator.json("/tcpserver").at("/connections/bytesReceived").asLong();
				try (Peer fourth = beginRecord(port)) {
					awaitReceived(actuator, before + BEGUN);
					assertEndsInsideARecord(port);
					assertThat(weir.log()).doesNotContain("liveness is broken");
					assertEndsInsideARecord(port);
					weir.awaitLog("liveness is broken");
					// It is told a moment before it is so
					Awaitility.await().untilAsserted(() -> assertStatus(actuator, "/health/liveness", "DOWN"));
					assertThat(actuator.status("GET", "/health/liveness")).isEqualTo(503);
					assertThat(fourth.send(new byte[100])).isNotNull();
				}
				third.close();
				Awaitility.await().untilAsserted(() -> assertThat(handlerErrors(actuator)).isEqualTo(3));
				other.awaitServed();
			}
		}
	}

	// Most of a record behind an echo
	private static Peer beginRecord(int port) throws IOException {
		Peer peer = Peer.connect(port);
		assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
		return peer.send(new byte[BEGUN]);
	}

	private static void assertEndsInsideARecord(int port) throws IOException {
		try (Peer peer = Peer.connect(port)) {
			assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
			assertThatIOException().isThrownBy(() -> {
				peer.send(new byte[BEGUN]);
				assertThat(peer.receiveToEnd()).isEmpty();
				throw new IOException("ended without an answer");
			});
		}
	}

	private static void awaitReceived(Actuator actuator, long count) {
		Awaitility.await().until(() -> actuator.json("/tcpserver").at("/connections/bytesReceived").asLong() >= count);
	}

	@Test
	void whenTheHeapIsExhaustedThenTheProcessIsNoZombie() throws Exception {
		List<SocketChannel> peers = new ArrayList<>();
		try (WeirProcess weir = WeirProcess
			.start(List.of(), List.of("-Xmx40m"), this.directory, Map.of(), "--tcp.server.port=0",
					"--tcp.server.protocol=echo", "--tcp.server.max-connections=19000")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), weir.tcpPort());
			// Until the process is in trouble, or holds them all
			for (int i = 0; i < 15_000 && weir.isAlive(); i++) {
				SocketChannel peer = SocketChannel.open();
				peers.add(peer);
				peer.configureBlocking(false);
				peer.connect(address);
			}
			for (SocketChannel peer : peers) {
				peer.close();
			}
			// It has ended, says that it is broken, or serves as before
			Awaitility.await()
				.atMost(Duration.ofSeconds(90))
				.ignoreExceptionsInstanceOf(IOException.class)
				.until(() -> !weir.isAlive() || actuator.status("GET", "/health/liveness") == 503
						|| (isServed(weir.tcpPort()) && actuator.status("GET", "/health/readiness") == 200));
			if (!weir.isAlive()) {
				assertThat(weir.exitCode()).isEqualTo(3);
				assertThat(weir.log()).contains("A thread ended for lack of memory");
			}
		}
	}

	private static boolean isServed(int port) throws IOException {
		try (Peer peer = Peer.connect(port)) {
			peer.timeout(2_000);
			return peer.send(DATA).receive(DATA.length).length == DATA.length;
		}
	}

	private static int handlerErrors(Actuator actuator) throws Exception {
		return actuator.json("/tcpserver").at("/connections/closed/handler_error").asInt();
	}

	private static void assertStatus(Actuator actuator, String path, String status) throws Exception {
		assertThat(actuator.json(path).at("/status").asString()).as(path).isEqualTo(status);
	}

	@Test
	void whenAHundredThousandConnectionsComeAndGoThenMetersAreExactAndNothingGrows() throws Exception {
		try (WeirProcess weir = WeirProcess
			.start(this.directory, Map.of(), "--tcp.server.port=0", "--tcp.server.protocol=echo")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			Clients clients = new Clients(weir.tcpPort());
			// What is allocated once
			clients.comeAndGo(5_000);
			actuator.awaitActive(0);
			// The last sample may have been taken before, and has a round-trip time
			Awaitility.await()
				.until(() -> Scrape.of(actuator)
					.names()
					.stream()
					.noneMatch((name) -> name.startsWith("tcp_server_rtt_seconds")));
			weir.jcmd("GC.run");
			Scrape before = Scrape.of(actuator);
			Bystander other = Bystander.echoing(Peer.connect(weir.tcpPort()));
			clients.comeAndGo(100_000);
			other.close();
			actuator.awaitActive(0);
			Awaitility.await().atMost(Duration.ofSeconds(15)).pollInterval(Duration.ofSeconds(1)).untilAsserted(() -> {
				weir.jcmd("GC.run");
				Scrape after = Scrape.of(actuator);
				assertThat(after.names()).isEqualTo(before.names());
				assertThat(after.value("jvm_threads_live_threads"))
					.isLessThanOrEqualTo(before.value("jvm_threads_live_threads") + 3);
				assertThat(after.value("process_files_open_files"))
					.isLessThanOrEqualTo(before.value("process_files_open_files") + 3);
				assertThat(after.sum("jvm_memory_used_bytes{area=\"heap\""))
					.isLessThan(before.sum("jvm_memory_used_bytes{area=\"heap\"") + 1024 * 1024);
				assertThat(after.sum("jvm_buffer_memory_used_bytes{id=\"direct\""))
					.isLessThan(before.sum("jvm_buffer_memory_used_bytes{id=\"direct\"") + 256 * 1024);
			});
			// What the server counted is what the clients did, to the byte
			Scrape after = Scrape.of(actuator);
			long ended = clients.ended.get() + 1;
			double connections = ended + clients.reset.get();
			double bytes = (connections - 1) * DATA.length + other.exchanges() * (double) DATA.length;
			assertThat(after.value("tcp_server_active_connections")).isZero();
			assertThat(after.value("tcp_server_accepted_connections_total")).isEqualTo(connections);
			assertThat(after.value("tcp_server_connection_duration_seconds_count{reason=\"end_of_stream\"}"))
				.isEqualTo((double) ended);
			assertThat(after.value("tcp_server_connection_duration_seconds_count{reason=\"reset\"}"))
				.isEqualTo((double) clients.reset.get());
			assertThat(after.sum("tcp_server_connection_duration_seconds_count{")).isEqualTo(connections);
			assertThat(after.sum("tcp_server_rejected_connections_total{")).isZero();
			assertThat(after.value("tcp_server_unanswered_bytes_total")).isZero();
			for (String direction : List.of("received", "sent")) {
				assertThat(after.value("tcp_server_bytes_total{direction=\"" + direction + "\"}")).isEqualTo(bytes);
				assertThat(after.value("tcp_server_connection_size_bytes_sum{direction=\"" + direction + "\"}"))
					.isEqualTo(bytes);
				assertThat(after.value("tcp_server_connection_size_bytes_count{direction=\"" + direction + "\"}"))
					.isEqualTo(connections);
			}
			assertThat(weir.logBesidesTheJdk()).doesNotContain("WARN", "ERROR", "\tat ");
		}
	}

	/**
	 * Clients that exchange some bytes and end, one in ten by a reset.
	 */
	private static final class Clients {

		private static final int THREADS = 4;

		private final int port;

		private final AtomicLong ended = new AtomicLong();

		private final AtomicLong reset = new AtomicLong();

		private Clients(int port) {
			this.port = port;
		}

		private void comeAndGo(int count) throws Exception {
			try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
				List<Future<?>> results = new ArrayList<>();
				for (int i = 0; i < THREADS; i++) {
					results.add(executor.submit(() -> {
						for (int j = 0; j < count / THREADS; j++) {
							comeAndGo(j % 10 == 0);
						}
						return null;
					}));
				}
				for (Future<?> result : results) {
					result.get();
				}
			}
		}

		// Before a reset it has its answer: the server has counted all of it
		private void comeAndGo(boolean resets) throws IOException {
			try (Peer peer = Peer.connect(this.port)) {
				assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
				if (resets) {
					peer.reset();
					this.reset.incrementAndGet();
				}
				else {
					assertThat(peer.endStream().receiveToEnd()).isEmpty();
					this.ended.incrementAndGet();
				}
			}
		}

	}

	@Test
	void whenTerminatedUnderLoadThenReadinessGoesFirstAndNobodyIsReset() throws Exception {
		try (NetworkNamespace network = new NetworkNamespace();
				WeirProcess weir = network.call(() -> WeirProcess.start(this.directory, Map.of(), "--tcp.server.port=0",
						"--tcp.server.protocol=echo", "--tcp.server.drain.delay=8s",
						"--tcp.server.drain.grace-period=8s"))
					.awaitStarted();
				Actuator actuator = network.call(weir::actuator)) {
			int port = weir.tcpPort();
			// Connections that were closed with bytes unread, and so reset
			long aborted = network.count("TCPAbortOnClose");
			AtomicBoolean enough = new AtomicBoolean();
			AtomicLong exchanges = new AtomicLong();
			long begin;
			List<Peer> peers = new ArrayList<>();
			for (int i = 0; i < 32; i++) {
				peers.add(network.call(() -> Peer.connect(port)));
			}
			try (ExecutorService executor = Executors.newFixedThreadPool(peers.size())) {
				List<Future<?>> results = new ArrayList<>();
				for (Peer peer : peers) {
					results.add(executor.submit(() -> exchangeToEnd(peer, enough, exchanges)));
				}
				try {
					Awaitility.await().until(() -> exchanges.get() > 2_000);
					weir.terminate();
					begin = System.nanoTime();
					Callable<String> readiness = () -> actuator.json("/health/readiness").at("/status").asString();
					Awaitility.await()
						.pollInterval(Duration.ofMillis(10))
						.until(() -> network.call(readiness).equals("OUT_OF_SERVICE"));
					// Only then, after the delay, it accepts no more
					for (int i = 0; i < 3; i++) {
						try (Peer newcomer = network.call(() -> Peer.connect(port))) {
							assertThat(newcomer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
							assertThat(newcomer.endStream().receiveToEnd()).isEmpty();
						}
					}
					assertThat(network.call(readiness)).isEqualTo("OUT_OF_SERVICE");
					assertThat(network.call(() -> actuator.json("/tcpserver").at("/state").asString()))
						.isEqualTo("draining");
					Awaitility.await()
						.atMost(Duration.ofSeconds(20))
						.until(() -> network.call(() -> Peer.isRefused(port)));
					assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(7900));
					// They go on in the grace period
					long then = exchanges.get();
					Awaitility.await().until(() -> exchanges.get() > then + 1_000);
				}
				finally {
					enough.set(true);
				}
				for (Future<?> result : results) {
					result.get(30, TimeUnit.SECONDS);
				}
				assertThat(weir.exitCode()).isEqualTo(143);
				assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8 + 8 + 1));
			}
			assertThat(weir.logBesidesTheJdk())
				.contains(peers.size() + " connections drained, 0 cut at the end of the grace period, "
						+ "0 received bytes not answered")
				.doesNotContain("WARN", "ERROR", "\tat ");
			assertThat(network.count("TCPAbortOnClose")).isEqualTo(aborted);
		}
	}

	// A reset is an exception
	private static Void exchangeToEnd(Peer peer, AtomicBoolean enough, AtomicLong exchanges) throws IOException {
		try (peer) {
			while (!enough.get()) {
				assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
				exchanges.incrementAndGet();
			}
			assertThat(peer.receiveToEnd()).isEmpty();
		}
		return null;
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "needs seccomp")
	void whenTheKernelRefusesNetlinkThenFiguresAreAbsentAndTheServiceIsUnaffected() throws Exception {
		Path script = Path.of("src/test/python/without_netlink.py").toAbsolutePath();
		assumeTrue(Files.exists(script), "not run in the project's directory");
		assumeTrue(Command.succeeds("python3", script.toString(), "true"),
				"no python3, or no seccomp filter can be set");
		try (WeirProcess weir = WeirProcess
			.start(List.of("python3", script.toString()), this.directory, Map.of(), "--tcp.server.port=0",
					"--tcp.server.protocol=echo", "--tcp.server.sampling.interval=100ms")
			.awaitStarted();
				Actuator actuator = weir.actuator();
				Bystander other = Bystander.echoing(Peer.connect(weir.tcpPort()))) {
			weir.awaitLog("without round-trip times and retransmits, as sock_diag is not available: "
					+ "no netlink socket: Operation not permitted");
			assertThat(weir.logBesidesTheJdk()).doesNotContain("\tat ", "WARN", "ERROR");
			// It has been accepted
			Awaitility.await().until(() -> other.exchanges() > 0);
			// What /proc tells is there, all else is absent
			JsonNode server = actuator.json("/tcpserver");
			assertThat(server.at("/state").asString()).isEqualTo("accepting");
			assertThat(server.at("/settings/backlog/source").asString()).isEqualTo("computed");
			assertThat(server.at("/acceptQueue/source").asString()).isEqualTo("procfs");
			assertThat(server.at("/acceptQueue/length").asInt()).isZero();
			assertThat(server.at("/acceptQueue/overflows").isNull()).isTrue();
			assertThat(server.at("/acceptQueue/drops").isNull()).isTrue();
			Awaitility.await().until(() -> !actuator.json("/tcpconnections").at("/connections/0/kernel").isNull());
			JsonNode kernel = actuator.json("/tcpconnections").at("/connections/0/kernel");
			assertThat(kernel.at("/source").asString()).isEqualTo("procfs");
			assertThat(kernel.propertyNames()).contains("receiveQueue", "sendQueue")
				.doesNotContain("rttMicros", "retransmits");
			Awaitility.await().until(() -> other.exchanges() > 20);
			assertStatus(actuator, "/health", "UP");
			assertThat(Scrape.of(actuator).names()).noneMatch((name) -> name.startsWith("tcp_server_rtt"))
				.noneMatch((name) -> name.startsWith("tcp_server_retransmits"))
				.noneMatch((name) -> name.startsWith("tcp_server_accept_queue_overflows"))
				.noneMatch((name) -> name.startsWith("tcp_server_listener_drops"));
		}
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "needs prlimit")
	void whenNoThreadCanBeStartedThenTheConnectionIsClosedAndItsPermitGivenBack() throws Exception {
		assumeTrue(
				Command.succeeds(asSomeone("prlimit", "--version")) && Command.succeeds(asSomeone("test", "-r", jar())),
				"not root, no setpriv, no prlimit, or others can't read the jar");
		try (WeirProcess weir = WeirProcess
			.start(List.of(asSomeone()), Path.of("/"), Map.of(), "--tcp.server.port=0", "--tcp.server.protocol=echo",
					"--tcp.server.threads=platform", "--tcp.server.max-connections=2")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			int port = weir.tcpPort();
			try (Bystander other = Bystander.echoing(Peer.connect(port))) {
				Awaitility.await().until(() -> other.exchanges() > 0);
				assertThat(actuator.json("/tcpserver").at("/connections/active").asInt()).isEqualTo(1);
				limitThreads(weir, 1);
				for (int i = 0; i < 3; i++) {
					try (Peer peer = Peer.connect(port)) {
						assertThat(peer.receiveToEnd()).isEmpty();
					}
				}
				limitThreads(weir, 4096);
				try (Peer next = Peer.connect(port)) {
					assertThat(next.send(DATA).receive(DATA.length)).isEqualTo(DATA);
				}
				Scrape scrape = Scrape.of(actuator);
				assertThat(scrape.value("tcp_server_rejected_connections_total{reason=\"thread_start\"}")).isEqualTo(3);
				weir.awaitLog("no thread could be started");
				assertThat(weir.log().lines().filter((line) -> line.contains("no thread could be started"))).hasSize(1);
				assertStatus(actuator, "/health", "UP");
			}
		}
	}

	private static String jar() {
		return System.getProperty("weir.jar", "");
	}

	// For root the limit does not hold
	private static String[] asSomeone(String... command) {
		List<String> all = new ArrayList<>(List.of("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups",
				"--bounding-set=-all", "--inh-caps=-all"));
		all.addAll(List.of(command));
		return all.toArray(String[]::new);
	}

	private static void limitThreads(WeirProcess weir, int limit) throws InterruptedException {
		assertThat(Command.succeeds(asSomeone("prlimit", "--pid", Long.toString(weir.pid()), "--nproc=" + limit + ":")))
			.isTrue();
	}

	/**
	 * What Prometheus would see.
	 *
	 * @param lines the series
	 */
	private record Scrape(List<String> lines) {

		static Scrape of(Actuator actuator) throws Exception {
			return new Scrape(actuator.text("/prometheus").lines().filter((line) -> !line.startsWith("#")).toList());
		}

		// A collection adds series some time after it
		List<String> names() {
			return this.lines.stream()
				.map((line) -> line.substring(0, line.lastIndexOf(' ')))
				.filter((name) -> !name.startsWith("jvm_gc_"))
				.toList();
		}

		double value(String name) {
			List<String> found = this.lines.stream().filter((line) -> line.startsWith(name + " ")).toList();
			assertThat(found).as(name).hasSize(1);
			return number(found.getFirst());
		}

		double sum(String prefix) {
			List<String> found = this.lines.stream().filter((line) -> line.startsWith(prefix)).toList();
			assertThat(found).as(prefix).isNotEmpty();
			return found.stream().mapToDouble(Scrape::number).sum();
		}

		private static double number(String line) {
			return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
		}

	}

}
