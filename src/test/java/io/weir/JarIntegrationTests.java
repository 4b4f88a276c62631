package io.weir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static io.weir.protocol.Recipe.DATA;
import static io.weir.protocol.Recipe.RECORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for the executable jar, each in few processes because a start takes seconds.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class JarIntegrationTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenTheRecipesClientComesThenItIsServedAndLogged() throws Exception {
		try (WeirProcess weir = WeirProcess
			.start(this.directory, Map.of(), "--tcp.server.port=0", "--logging.level.io.weir=debug")
			.awaitStarted()) {
			try (Peer peer = Peer.connect(weir.tcpPort())) {
				assertThat(peer.send(DATA).receive(5)).isEqualTo(DATA);
				assertThat(peer.send(RECORD).endStream().receiveToEnd()).isEmpty();
				weir.awaitLog("no data");
				assertThat(weir.log()).contains("connected by 127.0.0.1:" + peer.port(), "recv buffer size: ",
						"send buffer size: ", "recv: b'data\\n'", "sent: b'data\\n'",
						"recv: b'\\x00\\x00\\x00\\x01ab\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x03\\x00\\x03@ \\x00\\x00'",
						"recv unpacked: (1, b'ab', 2, 3, 3, 2.5)");
			}
			// Half a record costs that connection only
			try (Peer partial = Peer.connect(weir.tcpPort()); Peer other = Peer.connect(weir.tcpPort())) {
				other.send(DATA).receive(5);
				partial.send(DATA).receive(5);
				assertThat(partial.send(Arrays.copyOf(RECORD, 9)).endStream().receiveToEnd()).isEmpty();
				weir.awaitLog("9 of 22 bytes came and are discarded");
				other.send(RECORD);
				assertThat(other.send(DATA).receive(5)).isEqualTo(DATA);
			}
			assertThat(weir.logBesidesTheJdk()).doesNotContain("\tat ", "WARN", "ERROR");
		}
	}

	@Test
	void whenThePythonClientComesThenItIsServed() throws Exception {
		Path client = Path.of("src/test/python/recipe_client.py").toAbsolutePath();
		assumeTrue(Files.exists(client), "not run in the project's directory");
		assumeTrue(Command.succeeds("python3", "--version"), "python3 is not installed");
		try (WeirProcess weir = WeirProcess
			.start(this.directory, Map.of(), "--tcp.server.port=0", "--logging.level.io.weir=debug")
			.awaitStarted()) {
			Process python = new ProcessBuilder("python3", client.toString(), "127.0.0.1",
					Integer.toString(weir.tcpPort()))
				.redirectErrorStream(true)
				.start();
			String output = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			assertThat(python.waitFor(20, TimeUnit.SECONDS)).isTrue();
			assertThat(output).isEqualTo("recv: b'data\\n'\nend: b''\n");
			assertThat(python.exitValue()).isZero();
			weir.awaitLog("recv unpacked: (1, b'ab', 2, 3, 3, 2.5)");
		}
	}

	@Test
	void whenManyClientsComeAtOnceThenAllAreServed() throws Exception {
		try (WeirProcess weir = WeirProcess.start(this.directory, Map.of(), "--tcp.server.port=0").awaitStarted();
				ExecutorService clients = Executors.newFixedThreadPool(64);
				Actuator actuator = weir.actuator()) {
			int port = weir.tcpPort();
			List<Future<?>> results = new ArrayList<>();
			for (int i = 0; i < 64; i++) {
				// 16 do 157, 48 do 156: 10,000 in all
				int exchanges = (i < 16) ? 157 : 156;
				results.add(clients.submit(() -> {
					try (Peer peer = Peer.connect(port)) {
						for (int j = 0; j < exchanges; j++) {
							assertThat(peer.send(DATA).receive(5)).isEqualTo(DATA);
							peer.send(RECORD);
						}
						assertThat(peer.endStream().receiveToEnd()).isEmpty();
					}
					return null;
				}));
			}
			for (Future<?> result : results) {
				result.get(60, TimeUnit.SECONDS);
			}
			actuator.awaitActive(0);
			JsonNode body = actuator.json("/tcpserver");
			assertThat(body.at("/records/unpacked").asInt()).isEqualTo(10_000);
			assertThat(body.at("/connections/bytesReceived").asInt()).isEqualTo(270_000);
			assertThat(body.at("/connections/closed/end_of_stream").asInt()).isEqualTo(64);
			// At INFO a connection costs no line
			assertThat(weir.logBesidesTheJdk()).doesNotContain("connected by", "recv", "\tat ", "WARN", "ERROR");
			weir.terminate();
			assertThat(weir.exitCode()).isEqualTo(143);
			assertThat(weir.log()).contains("Draining: 0 connections are open");
		}
	}

	@Test
	void whenAMebibyteIsEchoedThenItComesBackIntact() throws Exception {
		byte[] mebibyte = new byte[1024 * 1024];
		new Random(3).nextBytes(mebibyte);
		try (WeirProcess weir = WeirProcess
			.start(this.directory, Map.of(), "--tcp.server.port=0", "--tcp.server.protocol=echo")
			.awaitStarted()) {
			assertThat(echo(weir.tcpPort(), mebibyte, 64 * 1024, Duration.ZERO)).isEqualTo(mebibyte);
			assertThat(echo(weir.tcpPort(), mebibyte, 64 * 1024, Duration.ofSeconds(5))).isEqualTo(mebibyte);
			assertThat(echo(weir.tcpPort(), mebibyte, 1, Duration.ZERO)).isEqualTo(mebibyte);
		}
	}

	private static byte[] echo(int port, byte[] bytes, int size, Duration late) throws Exception {
		long begin = System.nanoTime();
		// Closed in reverse: the writer ends when its socket is closed
		try (ExecutorService writer = Executors.newSingleThreadExecutor(); Peer peer = Peer.connect(port)) {
			Future<?> written = writer.submit(() -> {
				for (int i = 0; i < bytes.length; i += size) {
					peer.send(Arrays.copyOfRange(bytes, i, Math.min(i + size, bytes.length)));
				}
				peer.endStream();
				return null;
			});
			Awaitility.await().until(() -> System.nanoTime() - begin >= late.toNanos());
			byte[] echoed = peer.receive(bytes.length);
			written.get(30, TimeUnit.SECONDS);
			assertThat(peer.receiveToEnd()).isEmpty();
			return echoed;
		}
	}

	@Test
	void whenSetByTheEnvironmentThenEveryPropertyActs() throws Exception {
		int port = FreePort.find();
		Map<String, String> environment = new LinkedHashMap<>();
		environment.put("TCP_SERVER_HOST", "0.0.0.0");
		environment.put("TCP_SERVER_PORT", Integer.toString(port));
		environment.put("TCP_SERVER_BACKLOG", "7");
		environment.put("TCP_SERVER_RECEIVEBUFFERSIZE", "50000");
		environment.put("TCP_SERVER_SENDBUFFERSIZE", "60000B");
		environment.put("TCP_SERVER_REUSEADDRESS", "true");
		environment.put("TCP_SERVER_REUSEPORT", "true");
		environment.put("TCP_SERVER_PROTOCOL", "record");
		environment.put("TCP_SERVER_RECORDFORMAT", ">H");
		environment.put("TCP_SERVER_THREADS", "platform");
		environment.put("TCP_SERVER_MAXCONNECTIONS", "1");
		// Longer than all that is looked at while the place is taken
		environment.put("TCP_SERVER_IDLETIMEOUT", "6s");
		environment.put("TCP_SERVER_NODELAY", "false");
		environment.put("TCP_SERVER_KEEPALIVE_IDLE", "77s");
		environment.put("TCP_SERVER_KEEPALIVE_INTERVAL", "7s");
		environment.put("TCP_SERVER_KEEPALIVE_COUNT", "3");
		environment.put("TCP_SERVER_METRICS_CONNECTIONS", "0");
		environment.put("LOGGING_LEVEL_IO_WEIR", "debug");
		try (WeirProcess weir = WeirProcess.start(this.directory, environment).awaitStarted();
				Actuator actuator = weir.actuator();
				// With SO_REUSEPORT another socket may listen, which gets nothing as it
				// is bound to another address
				ServerSocket same = new ServerSocket()) {
			assertThat(weir.log()).contains("Listening on 0.0.0.0:" + port + " (record)", "at most 1 connections");
			JsonNode settings = actuator.json("/tcpserver").at("/settings");
			assertThat(settings.at("/backlog/requested").asInt()).isEqualTo(7);
			assertThat(settings.at("/receiveBuffer/effective").asInt()).isEqualTo(100_000);
			assertThat(settings.at("/sendBuffer/effective").asInt()).isEqualTo(120_000);
			assertThat(settings.at("/maxConnections/requested").asInt()).isEqualTo(1);
			try (Peer first = Peer.connect(port); Peer second = Peer.connect(port)) {
				first.send((byte) 1, (byte) 2);
				weir.awaitLog("recv unpacked: (258,)");
				if (Command.succeeds("ss", "-V")) {
					SocketStatistics connection = SocketStatistics.connection(port, first.port());
					assertThat(connection.memory("rb")).isEqualTo(100_000);
					assertThat(connection.memory("tb")).isEqualTo(120_000);
					assertThat(connection.text()).containsPattern("timer:\\(keepalive,(1min|7)");
					assertThat(SocketStatistics.listener(port).sendQueue()).isEqualTo(7);
				}
				second.send((byte) 0, (byte) 9);
				assertThat(weir.log()).doesNotContain("recv unpacked: (9,)");
				assertThat(actuator.json("/tcpserver").at("/state").asString()).isEqualTo("full");
				assertThat(actuator.text("/prometheus")).doesNotContain("tcp_server_connection_bytes_total{");
				// The idle timeout frees the place
				assertThat(first.receiveToEnd()).isEmpty();
				first.endStream();
				weir.awaitLog("recv unpacked: (9,)");
				assertThat(actuator.json("/tcpserver").at("/connections/closed/idle_timeout").asInt()).isEqualTo(1);
			}
			same.setReuseAddress(true);
			same.setOption(StandardSocketOptions.SO_REUSEPORT, true);
			same.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
			assertThat(same.isBound()).isTrue();
		}
	}

	@Test
	void whenSetByAFileThenEveryPropertyActs() throws Exception {
		Path config = Files.createDirectories(this.directory.resolve("config")).resolve("application.yml");
		Files.writeString(config, """
				tcp:
				  server:
				    host: 127.0.0.1
				    port: 0
				    protocol: echo-record
				    chunk-size: 4
				    record-format: "<I"
				    threads: virtual
				    max-connections: 1000000
				    backlog: 2000000000
				    receive-buffer-size: 2047MB
				    idle-timeout: 0
				    write-timeout: 1s
				    no-delay: true
				    keep-alive:
				      enabled: false
				    drain:
				      delay: 5s
				      grace-period: 2s
				    metrics:
				      connections: 1
				logging.level.io.weir: debug
				""");
		try (WeirProcess weir = WeirProcess.start(Command.withDescriptors(4096), this.directory, Map.of())
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			int port = weir.tcpPort();
			JsonNode body = actuator.json("/tcpserver");
			assertThat(body.at("/settings/backlog/limitedBy").asString()).isEqualTo("net.core.somaxconn");
			assertThat(body.at("/settings/receiveBuffer/limitedBy").asString()).isEqualTo("net.core.rmem_max");
			assertThat(body.at("/settings/maxConnections/limitedBy").asString()).isEqualTo("nofile.soft");
			assertThat(body.at("/findings").valueStream().map((finding) -> finding.at("/setting").asString()))
				.filteredOn((setting) -> !setting.equals("jdk"))
				.containsExactlyInAnyOrder("backlog", "receive-buffer-size", "max-connections", "record-format");
			assertThat(weir.log()).contains("max-connections: 1000000 requested");
			try (Peer peer = Peer.connect(port); Peer other = Peer.connect(port)) {
				other.send((byte) 1).receive(1);
				// Four bytes are echoed, four are the record
				assertThat(peer
					.send((byte) 'a', (byte) 'b', (byte) 'c', (byte) 'd', (byte) 1, (byte) 1, (byte) 0, (byte) 0)
					.receive(4)).containsExactly('a', 'b', 'c', 'd');
				weir.awaitLog("recv unpacked: (257,)");
				assertThat(actuator.text("/prometheus")
					.lines()
					.filter((line) -> line.startsWith("tcp_server_connection_bytes_total{"))).hasSize(2);
				if (Command.succeeds("ss", "-V")) {
					assertThat(SocketStatistics.connection(port, peer.port()).text()).doesNotContain("keepalive");
				}
				long begin = System.nanoTime();
				weir.terminate();
				Awaitility.await()
					.until(() -> actuator.json("/health/readiness").at("/status").asString().equals("OUT_OF_SERVICE"));
				// Newcomers are served during the delay
				try (Peer newcomer = Peer.connect(port)) {
					assertThat(newcomer.send((byte) 'x').receive(1)).containsExactly('x');
				}
				Awaitility.await().until(() -> Peer.isRefused(port));
				assertThat(peer.receiveToEnd()).isEmpty();
				peer.endStream();
				// Stands before a record
				assertThat(other.receiveToEnd()).isEmpty();
				assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(6900));
				other.endStream();
			}
			assertThat(weir.exitCode()).isEqualTo(143);
			assertThat(weir.log()).contains("1 connections drained, 1 cut at the end of the grace period")
				.doesNotContain("\tat ");
		}
	}

	@Test
	void whenPeersDoNotReadThenTheirWritesTimeOut() throws Exception {
		try (WeirProcess weir = WeirProcess
			.start(this.directory, Map.of("TCP_SERVER_WRITETIMEOUT", "5s", "TCP_SERVER_SENDBUFFERSIZE", "8KB"),
					"--tcp.server.port=0", "--tcp.server.protocol=echo", "--tcp.server.max-connections=1")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			try (ExecutorService writer = Executors.newSingleThreadExecutor();
					Peer stalled = Peer
						.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), weir.tcpPort()), 4096);
					Peer second = Peer.connect(weir.tcpPort())) {
				Future<?> written = writer.submit(() -> {
					while (true) {
						stalled.send(new byte[65536]);
					}
				});
				// One client at a time
				second.send((byte) 1);
				second.timeout(200);
				assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> second.receive(1));
				second.timeout(10_000);
				assertThat(second.receive(1)).containsExactly(1);
				assertThat(actuator.json("/tcpserver").at("/connections/closed/write_timeout").asInt()).isEqualTo(1);
				assertThatExceptionOfType(java.util.concurrent.ExecutionException.class)
					.isThrownBy(() -> written.get(10, TimeUnit.SECONDS));
			}
		}
	}

	@Test
	void whenAValueIsBadThenTheReportNamesItAndTheExitCodeIsOne() throws Exception {
		Path config = this.directory.resolve("application.yml");
		Files.writeString(config, """
				tcp:
				  server:
				    port: 70000
				    record-format: "! I 2y"
				""");
		assertReport(Map.of("TCP_SERVER_MAXCONNECTIONS", "0"), List.of("--tcp.server.chunk-size=0"),
				"Property: tcp.server.port", "Value: \"70000\"", "application.yml] - 3:11",
				"Property: tcp.server.record-format", "4:20", "'y'", "Property: tcp.server.max-connections",
				"Origin: System Environment Property \"TCP_SERVER_MAXCONNECTIONS\"", "Property: tcp.server.chunk-size");
		Files.delete(config);
		assertReport(Map.of("TCP_SERVER_PROTOCOL", "http"), List.of(), "tcp.server.protocol", "http",
				"TCP_SERVER_PROTOCOL");
	}

	@Test
	void whenItCanNotListenThenTheReportSaysWhyAndTheExitCodeIsOne() throws Exception {
		try (ServerSocket occupied = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
			int port = occupied.getLocalPort();
			assertReport(Map.of(), List.of("--tcp.server.port=" + port), "tcp.server.host=localhost",
					"tcp.server.port=" + port, "is already in use");
		}
		assertReport(Map.of("TCP_SERVER_HOST", "203.0.113.7"), List.of(),
				"The address 203.0.113.7 is not one of this machine's addresses", "tcp.server.host");
		assertReport(Map.of("TCP_SERVER_HOST", "weir.invalid"), List.of(), "'weir.invalid' does not resolve");
		assertReport(Map.of("TCP_SERVER_HOST", "::1"), List.of(), "'::1' has no IPv4 address");
	}

	// The JDK knows what failed by strerror's text alone
	@Test
	void whenTheSystemSpeaksGermanThenTheReportIsTheSame() throws Exception {
		assumeTrue(Files.exists(Path.of("/usr/share/locale/de/LC_MESSAGES/libc.mo")),
				"no translation of the C library's messages (Debian: libc-l10n)");
		try (ServerSocket occupied = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
			assertReport(Map.of("LC_ALL", "C.UTF-8", "LANGUAGE", "de"),
					List.of("--tcp.server.port=" + occupied.getLocalPort()), "is already in use");
		}
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "needs capabilities")
	void whenThePortNeedsAPrivilegeThenTheReportSaysSo() throws Exception {
		List<String> unprivileged = System.getProperty("user.name").equals("root")
				? List.of("setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service") : List.of();
		assumeTrue(unprivileged.isEmpty() || Command.succeeds("setpriv", "--bounding-set=-net_bind_service", "true"),
				"root, and no setpriv to drop the privilege");
		Path start = Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
		assumeTrue(Files.exists(start) && Integer.parseInt(Files.readAllLines(start).getFirst().strip()) > 1,
				"no port needs a privilege here");
		assertReport(unprivileged, Map.of(), List.of("--tcp.server.port=1"), "tcp.server.port=1",
				"ip_unprivileged_port_start", "CAP_NET_BIND_SERVICE");
	}

	private void assertReport(Map<String, String> environment, List<String> arguments, String... texts)
			throws Exception {
		assertReport(List.of(), environment, arguments, texts);
	}

	private void assertReport(List<String> prefix, Map<String, String> environment, List<String> arguments,
			String... texts) throws Exception {
		long begin = System.nanoTime();
		try (WeirProcess weir = WeirProcess.start(prefix, this.directory, environment,
				arguments.toArray(String[]::new))) {
			assertThat(weir.exitCode()).as(weir::log).isEqualTo(1);
			// Some seconds, more where the machine is busy
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
			assertThat(weir.log()).contains("APPLICATION FAILED TO START", "Description:", "Action:")
				.contains(texts)
				.doesNotContain("\tat ");
		}
	}

	@Test
	@EnabledOnOs(value = OS.LINUX, disabledReason = "needs ulimit")
	void whenFilesRunOutThenItBacksOffAndRecovers() throws Exception {
		List<String> fewFiles = List.of("sh", "-c", "ulimit -n 150 && exec \"$@\"", "sh");
		try (WeirProcess weir = WeirProcess.start(fewFiles, this.directory, Map.of(), "--tcp.server.port=0")
			.awaitStarted(); Actuator actuator = weir.actuator(); Bystander other = bystander(weir.tcpPort())) {
			// Its connection to the actuator is there before the files run out
			assertThat(actuator.json("/tcpserver").at("/findings/0/message").asString()).contains("room for 0");
			List<Peer> peers = new ArrayList<>();
			for (int i = 0; i < 150; i++) {
				peers.add(Peer.connect(weir.tcpPort()));
			}
			peers.getFirst().send(DATA);
			assertThat(peers.getFirst().receive(5)).isEqualTo(DATA);
			weir.awaitLog("Cannot accept connections for now (EMFILE: Too many open files)");
			assertThat(actuator.json("/health").at("/components/tcpServer/status").asString()).isEqualTo("UP");
			assertThat(actuator.json("/tcpserver").at("/state").asString()).isEqualTo("backing_off");
			assertThat(actuator.text("/prometheus")).contains("tcp_server_state{state=\"backing_off\"} 1.0");
			Awaitility.await()
				.atMost(Duration.ofSeconds(20))
				.until(() -> actuator.json("/health").at("/components/tcpServer/status").asString().equals("DOWN"));
			assertThat(weir.log().lines().filter((line) -> line.contains("Cannot accept"))).as("one episode")
				.hasSize(1);
			// Open connections are served all the time; newcomers when there is room
			peers.getFirst().send(RECORD);
			assertThat(peers.getFirst().send(DATA).receive(5)).isEqualTo(DATA);
			for (Peer peer : peers.subList(0, 120)) {
				peer.close();
			}
			assertThat(peers.getLast().send(DATA).receive(5)).isEqualTo(DATA);
			Awaitility.await()
				.until(() -> actuator.json("/health").at("/components/tcpServer/status").asString().equals("UP"));
			assertThat(actuator.json("/tcpserver").at("/state").asString()).isEqualTo("accepting");
			assertThat(other.exchanges()).isPositive();
			assertThat(actuator.text("/prometheus")).contains("tcp_server_state{state=\"backing_off\"} 0.0")
				.containsPattern("tcp_server_accept_errors_total\\{error=\"EMFILE\"\\} [1-9]");
			assertThat(weir.log().lines().filter((line) -> line.contains("Cannot accept"))).hasSizeLessThan(5);
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

	// Of the default protocol
	private static Bystander bystander(int port) throws IOException {
		Peer peer = Peer.connect(port);
		return new Bystander(peer, () -> {
			assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
			peer.send(RECORD);
		});
	}

	@Test
	void whenToldToExitAfterTheStartThenTheExitCodeIsZero() throws Exception {
		// Spring reads this one from the JVM's system properties only
		Map<String, String> options = Map.of("JAVA_TOOL_OPTIONS", "-Dspring.context.exit=onRefresh");
		try (WeirProcess weir = WeirProcess.start(this.directory, options, "--tcp.server.port=0")) {
			assertThat(weir.exitCode()).as(weir::log).isZero();
			assertThat(weir.log()).doesNotContain("\tat ", "ERROR");
		}
	}

}
