package io.weir;

import java.util.ArrayList;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.TestPropertySource;

import io.weir.connection.ConnectionRegistry;
import io.weir.server.TcpServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what the running application publishes.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "tcp.server.port=0")
class WeirIntegrationTests {

	@LocalServerPort
	private int port;

	@Autowired
	@SuppressWarnings("NullAway.Init")
	private TcpServer server;

	@Autowired
	@SuppressWarnings("NullAway.Init")
	private ConnectionRegistry registry;

	@SuppressWarnings("NullAway.Init")
	private Actuator actuator;

	private final List<Peer> peers = new ArrayList<>();

	@BeforeEach
	void open() {
		this.actuator = new Actuator(this.port);
	}

	@AfterEach
	void close() throws Exception {
		for (Peer peer : this.peers) {
			peer.close();
		}
		Awaitility.await().until(() -> this.registry.active() == 0);
		this.actuator.close();
	}

	@Test
	void whenAskedForHealthThenTheServersDetailsAreShown() throws Exception {
		connect().send(new byte[5]).receive(5);
		JsonNode health = this.actuator.json("/health");
		assertThat(health.at("/status").asString()).isEqualTo("UP");
		JsonNode details = health.at("/components/tcpServer/details");
		assertThat(details.propertyNames()).contains("state", "address", "settings", "kernel", "findings",
				"activeConnections", "connections");
		assertThat(details.at("/state").asString()).isEqualTo("accepting");
		assertThat(details.at("/address").asString()).isEqualTo("127.0.0.1:" + tcpPort());
		assertThat(details.at("/settings/maxConnections/requested").asInt()).isEqualTo(8192);
		assertThat(details.at("/settings/receiveBuffer/effective").asInt()).isPositive();
		assertThat(details.at("/activeConnections").asInt()).isEqualTo(1);
		assertThat(details.at("/connections/0/id").isString()).isTrue();
		assertThat(details.at("/connections/0/bytesReceived").asInt()).isEqualTo(5);
		assertThat(details.at("/connections/0").propertyNames()).containsExactlyInAnyOrder("id", "bytesReceived",
				"bytesSent");
	}

	@Test
	void whenAskedForReadinessThenTheServerIsInItAndNotInLiveness() throws Exception {
		JsonNode readiness = this.actuator.json("/health/readiness");
		assertThat(readiness.at("/status").asString()).isEqualTo("UP");
		assertThat(readiness.at("/components").propertyNames()).containsExactlyInAnyOrder("readinessState",
				"tcpServer");
		assertThat(this.actuator.json("/health/liveness").at("/status").asString()).isEqualTo("UP");
		assertThat(this.actuator.text("/health/liveness")).doesNotContain("tcpServer");
	}

	@Test
	void whenAskedForTheServerThenTheShapeIsTheContractsWithItsNulls() throws Exception {
		connect().send(new byte[5]).receive(5);
		JsonNode body = this.actuator.json("/tcpserver");
		assertThat(body.propertyNames()).contains("state", "address", "protocol", "startedAt", "settings",
				"connections", "records", "kernel", "ssl", "findings");
		assertThat(body.at("/state").asString()).isEqualTo("accepting");
		assertThat(body.at("/address").asString()).isEqualTo("127.0.0.1:" + tcpPort());
		assertThat(body.at("/protocol").asString()).isEqualTo("echo-record");
		assertThat(body.at("/startedAt").asString()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
		assertThat(body.get("ssl").isNull()).isTrue();
		assertThat(body.get("findings").isArray()).isTrue();
		for (String setting : List.of("backlog", "receiveBuffer", "sendBuffer", "maxConnections")) {
			assertThat(body.at("/settings/" + setting).propertyNames()).as(setting)
				.contains("requested", "effective", "maximum", "limitedBy", "source");
		}
		assertThat(body.at("/settings/backlog/requested").isNull()).isTrue();
		assertThat(body.at("/settings/backlog/limitedBy").isNull()).isTrue();
		for (String buffer : List.of("receiveBuffer", "sendBuffer")) {
			JsonNode setting = body.at("/settings/" + buffer);
			assertThat(setting.get("requested").isNull()).isTrue();
			assertThat(setting.get("autotuned").asBoolean()).isTrue();
			assertThat(setting.get("effective").asLong()).isEqualTo(2 * setting.get("usable").asLong());
			assertThat(setting.get("source").asString()).isEqualTo("getsockopt");
		}
		assertThat(body.at("/connections/active").asInt()).isEqualTo(1);
		assertThat(body.at("/connections/accepted").asInt()).isPositive();
		assertThat(body.at("/connections/bytesReceived").asInt()).isGreaterThanOrEqualTo(5);
		assertThat(body.at("/connections/closed").propertyNames()).containsExactly("end_of_stream", "empty",
				"closed_by_handler", "partial_record", "idle_timeout", "write_timeout", "max_age", "handshake_failed",
				"handshake_timeout", "reset", "io_error", "handler_error", "closed_by_operator", "drained",
				"drain_timeout");
		assertThat(body.at("/closeAllowed").asBoolean(true)).isFalse();
		assertThat(body.at("/sample").propertyNames()).containsExactly("rttMicros", "retransmits", "blockedWriters");
		assertThat(body.at("/records").propertyNames()).containsExactlyInAnyOrder("unpacked", "partial", "written",
				"failed", "pending");
		assertThat(body.at("/kernel/net.ipv4.tcp_rmem").propertyNames()).containsExactly("min", "default", "max");
		assertThat(body.at("/kernel").propertyNames()).contains("net.core.somaxconn", "net.core.rmem_max",
				"net.ipv4.tcp_mem", "net.ipv4.tcp_congestion_control", "nofile.soft", "nofile.hard");
	}

	@Test
	void whenAskedForConnectionsThenTheyAreListedAndSorted() throws Exception {
		Peer small = connect();
		small.send(new byte[1]).receive(1);
		Peer large = connect();
		large.send(new byte[50]).receive(50);
		Peer middle = connect();
		middle.send(new byte[10]).receive(10);
		// Each has written its answer and reads again
		JsonNode body = Awaitility.await()
			.until(() -> this.actuator.json("/tcpconnections"),
					(all) -> all.at("/connections")
						.valueStream()
						.allMatch((one) -> one.at("/state").asString().equals("reading")));
		assertThat(body.at("/total").asInt()).isEqualTo(3);
		assertThat(peers(body)).containsExactly(address(large), address(middle), address(small));
		JsonNode first = body.at("/connections/0");
		assertThat(first.propertyNames()).contains("id", "peer", "state", "openedAt", "idleFor", "bytesReceived",
				"bytesSent", "records", "tls");
		assertThat(first.get("id").isString()).isTrue();
		assertThat(first.get("state").asString()).isEqualTo("reading");
		assertThat(first.get("openedAt").asString()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
		assertThat(first.get("idleFor").asString()).startsWith("PT");
		assertThat(first.get("bytesReceived").asInt()).isEqualTo(50);
		assertThat(first.get("tls").isNull()).isTrue();
		assertThat(peers(this.actuator.json("/tcpconnections?sort=bytes&limit=1"))).containsExactly(address(large));
		assertThat(this.actuator.json("/tcpconnections?limit=1").at("/total").asInt()).isEqualTo(3);
		assertThat(peers(this.actuator.json("/tcpconnections?sort=age"))).containsExactly(address(small),
				address(large), address(middle));
		assertThat(peers(this.actuator.json("/tcpconnections?sort=idle"))).containsExactly(address(small),
				address(large), address(middle));
		JsonNode one = this.actuator.json("/tcpconnections/" + first.get("id").asString());
		assertThat(one.at("/peer").asString()).isEqualTo(address(large));
	}

	private static List<String> peers(JsonNode body) {
		return body.at("/connections").valueStream().map((connection) -> connection.get("peer").asString()).toList();
	}

	private static String address(Peer peer) {
		return "127.0.0.1:" + peer.port();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					limit=abc                   | limit: 'abc' is not valid
					limit=99999999999           | limit: '99999999999' is not valid
					limit=-1                    | limit: -1 is negative
					sort=colour                 | sort: 'colour' is none of bytes, age, idle, rtt, retransmits
					diagnosed=maybe             | diagnosed: 'maybe' is none of true, false
					state=closed&diagnosed=true | diagnosed: does not go with state=closed
					state=ajar                  | state: 'ajar' is none of open, closed
					state=closed&sort=age       | sort: does not go with state=closed, which is sorted by time
					state=closed&reason=boredom | reason: 'boredom' is none of address_limit, closed_by_handler, closed_by_operator
					reason=reset                | reason: goes with state=closed only
					peer=10.1.2.3/16            | peer: '10.1.2.3/16' has bits set after the first 16: the prefix is 10.1.0.0/16
					peer=localhost              | peer: 'localhost' is not an IPv4 or IPv6 address or prefix
					state=closed&peer=x         | peer: 'x' is not an IPv4 or IPv6 address or prefix
					""")
	void whenAParameterIsBadThenTheAnswerSaysWhatIsValid(String query, String message) throws Exception {
		HttpResponse<String> response = this.actuator.request("GET", "/tcpconnections?" + query);
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(new JsonMapper().readTree(response.body()).at("/message").asString()).startsWith(message);
	}

	@Test
	void whenAskedForAPeerThenOnlyItsConnectionsAreListedAndCounted() throws Exception {
		connect().send(new byte[1]).receive(1);
		connect().send(new byte[1]).receive(1);
		assertThat(this.actuator.json("/tcpconnections?peer=127.0.0.0/8&limit=1").at("/total").asInt()).isEqualTo(2);
		assertThat(peers(this.actuator.json("/tcpconnections?peer=127.0.0.1"))).hasSize(2);
		assertThat(this.actuator.json("/tcpconnections?peer=127.0.0.2").toString())
			.isEqualTo("{\"total\":0,\"connections\":[]}");
		assertThat(this.actuator.json("/tcpconnections?state=open&peer=::/0").at("/total").asInt()).isZero();
		assertThat(this.actuator.json("/tcpconnections").at("/connections/0/via").isNull()).isTrue();
	}

	@Test
	void whenAskedForThoseThatEndedThenTheNewestIsTheFirst() throws Exception {
		Peer partial = connect().send(new byte[30]);
		partial.receive(30);
		String id = this.actuator.json("/tcpconnections").at("/connections/0/id").asString();
		partial.send(new byte[5]).endStream().receiveToEnd();
		awaitLastEnd(partial);
		Peer empty = connect();
		empty.endStream().receiveToEnd();
		awaitLastEnd(empty);
		JsonNode body = this.actuator.json("/tcpconnections?state=closed&limit=2");
		assertThat(body.at("/total").asInt()).isGreaterThanOrEqualTo(2);
		assertThat(peers(body)).containsExactly(address(empty), address(partial));
		assertThat(body.at("/connections/0/reason").asString()).isEqualTo("empty");
		JsonNode ended = body.at("/connections/1");
		assertThat(ended.propertyNames()).containsExactly("id", "peer", "via", "reason", "detail", "openedAt",
				"closedAt", "duration", "bytesReceived", "bytesSent", "records", "tls", "rttMicros", "retransmits",
				"diagnosis");
		assertThat(ended.at("/id").asString()).isEqualTo(id);
		assertThat(ended.at("/reason").asString()).isEqualTo("partial_record");
		assertThat(ended.at("/via").isNull()).isTrue();
		assertThat(ended.at("/detail").isNull()).isTrue();
		assertThat(ended.at("/tls").isNull()).isTrue();
		assertThat(ended.at("/bytesReceived").asInt()).isEqualTo(35);
		assertThat(ended.at("/bytesSent").asInt()).isEqualTo(30);
		assertThat(Duration.parse(ended.at("/duration").asString())).isPositive();
		assertThat(Instant.parse(ended.at("/closedAt").asString()))
			.isBetween(Instant.parse(ended.at("/openedAt").asString()), Instant.now());
		assertThat(this.actuator.json("/tcpconnections?state=closed&reason=partial_record&peer=127.0.0.1/32&limit=1")
			.at("/connections/0/id")
			.asString()).isEqualTo(id);
		assertThat(this.actuator.json("/tcpconnections?state=closed&reason=THREAD_START").toString())
			.isEqualTo("{\"total\":0,\"connections\":[]}");
		assertThat(this.actuator.json("/tcpconnections?state=closed&peer=10.0.0.0/8").at("/total").asInt()).isZero();
	}

	// A moment after the peer has seen it
	private void awaitLastEnd(Peer peer) {
		Awaitility.await()
			.untilAsserted(() -> assertThat(peers(this.actuator.json("/tcpconnections?state=closed&limit=1")))
				.containsExactly(address(peer)));
	}

	@ParameterizedTest
	@ValueSource(strings = { "999999", "abc", "-1", "99999999999999999999" })
	void whenAConnectionIsUnknownThenItIsNotFound(String id) throws Exception {
		assertThat(this.actuator.status("GET", "/tcpconnections/" + id)).isEqualTo(404);
	}

	@Test
	void whenAnythingIsToBeChangedThenItIsRefused() throws Exception {
		connect().send(new byte[1]).receive(1);
		String id = this.actuator.json("/tcpconnections").at("/connections/0/id").asString();
		assertThat(this.actuator.status("DELETE", "/tcpconnections/" + id)).isEqualTo(405);
		for (String path : List.of("/tcpserver", "/tcpconnections", "/health", "/info", "/metrics", "/prometheus")) {
			assertThat(this.actuator.status("POST", path)).as("POST " + path).isEqualTo(405);
			assertThat(this.actuator.status("DELETE", path)).as("DELETE " + path).isEqualTo(405);
		}
		assertThat(this.registry.active()).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "env", "heapdump", "shutdown", "beans", "loggers", "configprops", "threaddump", "mappings",
			"conditions", "caches", "scheduledtasks", "startup", "logfile" })
	void whenAnythingElseIsAskedForThenItIsOff(String endpoint) throws Exception {
		assertThat(this.actuator.status("GET", "/" + endpoint)).isEqualTo(404);
		assertThat(this.actuator.status("POST", "/" + endpoint)).isEqualTo(404);
	}

	@Test
	void whenAskedForAllEndpointsThenTheyAreTheEight() throws Exception {
		assertThat(this.actuator.json("/info").isObject()).isTrue();
		assertThat(this.actuator.json("").at("/_links").propertyNames()).map((name) -> name.replaceFirst("-.*", ""))
			.containsOnly("self", "health", "info", "metrics", "prometheus", "sbom", "tcpserver", "tcpconnections",
					"tcpstatus");
		assertThat(this.actuator.json("/metrics/tcp.server.accepted.connections").at("/baseUnit").asString())
			.isEqualTo("connections");
	}

	@Test
	void whenScrapedThenTheMetersHaveTheirNames() throws Exception {
		connect().send(new byte[5]).receive(5);
		String scrape = this.actuator.text("/prometheus");
		for (String name : List.of("tcp_server_active_connections ", "tcp_server_accepted_connections_total ",
				"tcp_server_rejected_connections_total\\{reason=\"socket_option\"\\} ",
				"tcp_server_connection_duration_seconds_count\\{reason=\"end_of_stream\"\\} ",
				"tcp_server_connection_bytes_total\\{connection=\"\\d+\",direction=\"received\"\\} 5.0",
				"tcp_server_connection_size_bytes_count\\{direction=\"sent\"\\} ",
				"tcp_server_bytes_total\\{direction=\"received\"\\} ",
				"tcp_server_records_total\\{result=\"unpacked\"\\} ",
				"tcp_server_records_total\\{result=\"partial\"\\} ",
				"tcp_server_records_total\\{result=\"written\"\\} ", "tcp_server_records_total\\{result=\"failed\"\\} ",
				"tcp_server_records_pending ",
				"tcp_server_socket_buffer_bytes\\{direction=\"received\",kind=\"effective\"\\} ",
				"tcp_server_backlog_connections\\{kind=\"effective\"\\} ",
				"tcp_server_accept_errors_total\\{error=\"EMFILE\"\\} ",
				"tcp_server_state\\{state=\"accepting\"\\} 1.0", "tcp_server_state\\{state=\"full\"\\} 0.0",
				"tcp_kernel_limit\\{name=\"nofile.soft\"\\} ",
				"tcp_kernel_events_total\\{name=\"ListenOverflows\"\\} ")) {
			assertThat(scrape).containsPattern(Pattern.compile("^" + name, Pattern.MULTILINE));
		}
		assertThat(scrape.lines().filter((line) -> line.startsWith("tcp_"))).noneMatch((line) -> line.endsWith("NaN"));
		assertThat(scrape).doesNotContain("127.0.0.1", "kind=\"requested\"");
	}

	private int tcpPort() {
		return Objects.requireNonNull(this.server.address()).getPort();
	}

	private Peer connect() throws Exception {
		Peer peer = Peer.connect(tcpPort());
		this.peers.add(peer);
		return peer;
	}

	// A name in *Tests would be run by surefire, too
	@Nested
	@TestPropertySource(properties = "management.endpoint.tcpconnections.access=unrestricted")
	class WhereConnectionsMayBeClosed {

		@LocalServerPort
		private int port;

		@Autowired
		@SuppressWarnings("NullAway.Init")
		private TcpServer server;

		@Test
		void whenAConnectionIsDeletedThenItEndsWithEndOfStream() throws Exception {
			try (Actuator unrestricted = new Actuator(this.port);
					Peer peer = Peer.connect(Objects.requireNonNull(this.server.address()).getPort())) {
				peer.send(new byte[1]).receive(1);
				String id = unrestricted.json("/tcpconnections").at("/connections/0/id").asString();
				assertThat(unrestricted.status("DELETE", "/tcpconnections/" + id)).isEqualTo(204);
				assertThat(peer.receiveToEnd()).isEmpty();
				assertThat(unrestricted.status("DELETE", "/tcpconnections/" + id)).isEqualTo(404);
				peer.endStream();
				unrestricted.awaitActive(0);
				assertThat(unrestricted.json("/tcpserver").at("/connections/closed/closed_by_operator").asInt())
					.isEqualTo(1);
				assertThat(unrestricted.status("DELETE", "/tcpconnections/abc")).isEqualTo(404);
				assertThat(unrestricted.status("POST", "/tcpserver")).isEqualTo(405);
			}
		}

	}

}
