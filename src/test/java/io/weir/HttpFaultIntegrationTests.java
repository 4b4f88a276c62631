package io.weir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * HTTP clients that send nonsense, or that are slow.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class HttpFaultIntegrationTests {

	private static final int CLIENTS = 200;

	// A receive buffer, in bytes
	private static final int SMALL = 1024;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenRequestsAreBadThenTheAnswersSaySoAndTheLogStaysShort() throws Exception {
		try (WeirProcess weir = WeirProcess.start(this.directory, Map.of(), "--tcp.server.port=0").awaitStarted();
				Actuator actuator = weir.actuator()) {
			List<String> requests = badRequests().toList();
			assertThat(requests).hasSizeGreaterThanOrEqualTo(50);
			for (int i = 0; i < 4; i++) {
				for (String request : requests) {
					assertThat(answer(actuator.port(), request)).as(request)
						.matches("HTTP/1\\.1 (4\\d\\d|501|505) (?s:.*)")
						.doesNotContain("Exception", "\tat ");
				}
			}
			assertThat(actuator.status("GET", "/health/liveness")).isEqualTo(200);
			assertThat(weir.logBesidesTheJdk()).doesNotContain("WARN", "ERROR", "\tat ");
			// The start alone takes 2,500
			assertThat(weir.log().length()).isLessThan(6_000);
		}
	}

	private static Stream<String> badRequests() {
		Stream<String> paths = Stream.of("/actuator/health/readiness/../../env", "/actuator/health/./../x",
				"/actuator/health;x=1/../env", "/actuator/%2e%2e/x", "/actuator/health/%2E./env", "/../..", "/%2e%2e",
				"/actuator/..;/env", "/actuator/health/readiness/..", "/actuator/health/.", "/actuator//env",
				"/actuator/env", "/actuator/heapdump", "/actuator/shutdown", "/actuator/metrics/a%0ab",
				"/actuator/metrics/%00", "/actuator/metrics/%ff%fe", "/actuator/metrics/a%2fb",
				"/actuator/metrics/a%5cb", "/actuator/metrics/jvm.memory.used?tag=foo", "/actuator/health?x=%zz",
				"/actuator/health?%", "/actuator/tcpconnections?limit=abc", "/actuator/tcpconnections?limit=-1",
				"/actuator/tcpconnections?limit=99999999999999", "/actuator/tcpconnections?sort=abc",
				"/actuator/tcpconnections/abc", "/actuator/tcpconnections/-1", "/a|b", "/a\\b", "/a{b}", "/<x>",
				"/caf\u00e9", "/error", "/error/..", "/actuator/health/nobody", "/favicon.ico", "/" + "a".repeat(9_000),
				"/" + "a/".repeat(2_000), "//", "/x;jsessionid=1", "x", "http://",
				"/actuator/sbom/%2e%2e%2fapplication", "/actuator/sbom/nobody");
		Stream<String> lines = Stream.of("POST /actuator/health HTTP/1.1", "PUT /actuator/metrics HTTP/1.1",
				"DELETE /actuator/tcpconnections/1 HTTP/1.1", "PATCH / HTTP/1.1", "BREW / HTTP/1.1",
				"TRACE /actuator/health HTTP/1.1", "GET / HTTP/9.9", "GET", "\u0016\u0003\u0001\u0000",
				"GET /actuator/health HTTP/1.1\r\nAccept: image/png", "GET /actuator/health HTTP/1.1\r\nAccept: x",
				"GET /actuator/prometheus HTTP/1.1\r\nAccept: x", "GET /actuator/health HTTP/1.1\r\nHost: y",
				"POST /actuator/health HTTP/1.1\r\nContent-Length: -1",
				"POST /actuator/health HTTP/1.1\r\nContent-Length: x",
				"POST /actuator/health HTTP/1.1\r\nContent-Length: 1000000",
				"POST /actuator/health HTTP/1.1\r\nContent-Type: multipart/form-data",
				"POST /actuator/health HTTP/1.1\r\nContent-Type: ;;;",
				"POST /actuator/health HTTP/1.1\r\nTransfer-Encoding: chunked",
				"POST /actuator/health HTTP/1.1\r\nTransfer-Encoding: gzip",
				"POST /actuator/health HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5",
				"GET /actuator/health HTTP/1.1\r\nbad header", "GET /actuator/health HTTP/1.1\r\na\u0000b: c",
				"GET /actuator/health HTTP/1.1\r\nX: " + "y".repeat(10_000));
		return Stream.concat(paths.map((path) -> "GET " + path + " HTTP/1.1"), lines);
	}

	private static String answer(int port, String request) throws IOException {
		try (Peer peer = Peer.connect(port)) {
			peer.send((request + "\r\nHost: x\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
			return new String(peer.receiveToEnd(), StandardCharsets.ISO_8859_1);
		}
	}

	@Test
	void whenClientsAreSlowThenProbesAreAnsweredWithinASecond() throws Exception {
		String list = "GET /actuator/tcpconnections?limit=10000 HTTP/1.1\r\nHost: x\r\n\r\n";
		String health = "GET /actuator/health HTTP/1.1\r\nHost: x\r\n\r\n";
		String post = "POST /actuator/health HTTP/1.1\r\nHost: x\r\n";
		try (WeirProcess weir = WeirProcess
			.start(List.of(), List.of("-Xmx128m"), this.directory, Map.of(), "--tcp.server.port=0")
			.awaitStarted(); Actuator actuator = weir.actuator(); Peers listed = new Peers()) {
			warmUp(actuator);
			for (int i = 0; i < 500; i++) {
				listed.connect(weir.tcpPort(), 0);
			}
			assertProbes(actuator, "silent", "");
			assertProbes(actuator, "slow head", "GET /actuator/health HTTP/1.1\r\nHost: ");
			assertProbes(actuator, "slow body", post + "Content-Length: 1000\r\n\r\na");
			assertProbes(actuator, "slow chunks", post + "Transfer-Encoding: chunked\r\n\r\n");
			assertProbes(actuator, "list not read", list);
			assertProbes(actuator, "lists not read", list.repeat(20));
			assertProbes(actuator, "health not read", health.repeat(200));
			assertThat(weir.log()).doesNotContain("ERROR", "\tat ");
		}
	}

	private static void assertProbes(Actuator actuator, String kind, String request) throws IOException {
		try (Peers clients = new Peers()) {
			for (int i = 0; i < CLIENTS; i++) {
				clients.connect(actuator.port(), SMALL).send(request.getBytes(StandardCharsets.US_ASCII));
			}
			assertThat(slowestProbe(actuator, Duration.ofSeconds(2))).as(kind).isLessThan(Duration.ofSeconds(1));
		}
	}

	@Test
	void whenManyAskForLongListsThenAllGetThemAndProbesAreAnsweredWithinASecond() throws Exception {
		int connections = 10_000;
		try (WeirProcess weir = WeirProcess
			.start(oneCore(), List.of("-Xmx128m"), this.directory, Map.of(), "--tcp.server.port=0",
					"--tcp.server.max-connections=" + connections)
			.awaitStarted(); Actuator actuator = weir.actuator(); Peers clients = new Peers()) {
			warmUp(actuator);
			for (int i = 0; i < connections; i++) {
				clients.connect(weir.tcpPort(), 0);
			}
			actuator.awaitActive(connections);
			try (ExecutorService executor = Executors.newFixedThreadPool(50)) {
				List<Future<String>> lists = IntStream.range(0, 50)
					.mapToObj((_) -> executor.submit(() -> head(actuator.port(), "?limit=10000")))
					.toList();
				assertThat(slowestProbe(actuator, Duration.ofSeconds(5))).isLessThan(Duration.ofSeconds(1));
				for (Future<String> list : lists) {
					assertThat(list.get()).isEqualTo("HTTP/1.1 200 ... ]}");
				}
			}
			assertThat(weir.isAlive()).isTrue();
			assertThat(weir.log()).doesNotContain("OutOfMemory", "\tat ");
			// Whole, and each row is there once
			JsonNode list = actuator.json("/tcpconnections?limit=10000&sort=age");
			assertThat(list.at("/total").asInt()).isEqualTo(connections);
			assertThat(list.at("/connections").valueStream().map((row) -> row.get("id").asString()))
				.hasSize(connections)
				.doesNotHaveDuplicates();
			assertThat(list.at("/connections/" + (connections - 1)).get("kernel")).isNotNull();
		}
	}

	// The answer's beginning and end, with less memory than all of it
	private static String head(int port, String query) throws IOException {
		try (Peer peer = Peer.connect(port)) {
			peer.timeout(60_000);
			peer.send(("GET /actuator/tcpconnections" + query + " HTTP/1.0\r\nHost: x\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII));
			String first = new String(peer.receive(12), StandardCharsets.US_ASCII);
			String last = "";
			byte[] some = peer.receive(8192);
			while (some.length > 0) {
				last = (last + new String(some, StandardCharsets.US_ASCII))
					.substring(Math.max(0, last.length() + some.length - 2));
				some = peer.receive(8192);
			}
			return first + " ... " + last;
		}
	}

	@Test
	void whenAListIsNotReadThenItsPlaceIsFreeAgainAndOthersGetTheirs() throws Exception {
		String list = "GET /actuator/tcpconnections?limit=10000 HTTP/1.1\r\nHost: x\r\n\r\n";
		try (WeirProcess weir = WeirProcess.start(this.directory, Map.of(), "--tcp.server.port=0").awaitStarted();
				Actuator actuator = weir.actuator();
				Peers listed = new Peers();
				Peers unread = new Peers()) {
			for (int i = 0; i < 2_000; i++) {
				listed.connect(weir.tcpPort(), 0);
			}
			for (int i = 0; i < CLIENTS; i++) {
				unread.connect(actuator.port(), SMALL).send(list.getBytes(StandardCharsets.US_ASCII));
			}
			// As many as there are places for
			Awaitility.await().until(() -> actuator.status("GET", "/tcpconnections?limit=1") == 503);
			assertThat(actuator.status("GET", "/health/liveness")).isEqualTo(200);
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.until(() -> actuator.status("GET", "/tcpconnections?limit=1") == 200);
			assertThat(weir.log()).doesNotContain("ERROR", "\tat ");
		}
	}

	private static List<String> oneCore() throws InterruptedException {
		return Command.succeeds("taskset", "-c", "0", "true") ? List.of("taskset", "-c", "0") : List.of();
	}

	private static void warmUp(Actuator actuator) throws Exception {
		for (int i = 0; i < 20; i++) {
			assertThat(actuator.status("GET", "/health/liveness")).isEqualTo(200);
			assertThat(actuator.status("GET", "/health")).isEqualTo(200);
		}
		assertThat(actuator.status("GET", "/tcpconnections")).isEqualTo(200);
	}

	/**
	 * Asks as Kubernetes does, each probe with a connection of its own.
	 */
	private static Duration slowestProbe(Actuator actuator, Duration time) throws IOException {
		long begin = System.nanoTime();
		Duration slowest = Duration.ZERO;
		while (System.nanoTime() - begin < time.toNanos()) {
			for (String probe : List.of("liveness", "readiness")) {
				Stopwatch asked = Stopwatch.start();
				assertThat(answer(actuator.port(), "GET /actuator/health/" + probe + " HTTP/1.1"))
					.startsWith("HTTP/1.1 200");
				Duration took = asked.time();
				slowest = (took.compareTo(slowest) > 0) ? took : slowest;
			}
		}
		return slowest;
	}

	/**
	 * Connections that are closed together.
	 */
	private static final class Peers implements AutoCloseable {

		private final List<Peer> peers = new ArrayList<>();

		Peer connect(int port, int receiveBuffer) throws IOException {
			Peer peer = Peer.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), receiveBuffer);
			this.peers.add(peer);
			return peer;
		}

		@Override
		public void close() throws IOException {
			for (Peer peer : this.peers) {
				peer.close();
			}
		}

	}

}
