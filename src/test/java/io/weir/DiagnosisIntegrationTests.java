package io.weir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Why connections are slow, over HTTP: really slow ones on loopback, while they are open
 * and after the write timeout has cut one of them.
 */
@Timeout(180)
class DiagnosisIntegrationTests {

	private static final String[] FIELDS = { "cause", "evidence", "remedy", "since" };

	@Test
	void slowConnectionsAreListedCountedAndRememberedWithTheirCause() throws Exception {
		SocketStatistics.assumeAvailable();
		Instant begin = Instant.now();
		try (RunningWeir weir = RunningWeir.start(List.of(Handlers.class), "--tcp.server.protocol=by-first-byte",
				"--tcp.server.sampling.interval=100ms", "--tcp.server.write-timeout=20s");
				Actuator actuator = new Actuator(weir.httpPort());
				Peer idle = Peer.connect(weir.tcpPort()).send((byte) 'e');
				Peer unread = Peer.connect(weir.tcpPort()).send((byte) 'c').send(new byte[512]);
				SocketChannel blocked = SocketChannel.open(StandardProtocolFamily.INET)) {
			blocked.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
			blocked.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), weir.tcpPort()));
			blocked.write(ByteBuffer.wrap(new byte[] { 's' }));
			int blockedPort = ((InetSocketAddress) blocked.getLocalAddress()).getPort();
			assertThat(idle.receive(1)).hasSize(1);
			Awaitility.await()
				.atMost(Duration.ofSeconds(15))
				.untilAsserted(() -> assertThat(actuator.json("/tcpserver").get("diagnosis"))
					.hasToString("{\"peer_reads_slowly\":1,\"server_reads_slowly\":1}"));
			assertThat(actuator.json("/tcpserver").get("verdict").asString()).isEqualTo("accepted at once");
			assertList(actuator, begin, blockedPort, unread.port(), idle.port());
			assertThat(actuator.text("/prometheus")).contains(
					"tcp_server_diagnosed_connections{cause=\"peer_reads_slowly\"} 1.0",
					"tcp_server_diagnosed_connections{cause=\"path_is_slow\"} 0.0");
			Awaitility.await("the write timeout").atMost(Duration.ofSeconds(90)).untilAsserted(() -> {
				JsonNode cut = actuator.json("/tcpconnections?state=closed&reason=write_timeout").get("connections");
				assertThat(cut).hasSize(1);
				assertThat(cut.get(0).get("peer").asString()).isEqualTo("127.0.0.1:" + blockedPort);
				assertDiagnosis(cut.get(0).get("diagnosis"), begin, "peer_reads_slowly",
						"[\\d.]+ s of [\\d.]+ s with data to send, .*rwnd_limited of busy.*", "Peer: ");
			});
			Awaitility.await()
				.untilAsserted(() -> assertThat(actuator.json("/tcpserver").get("diagnosis"))
					.hasToString("{\"server_reads_slowly\":1}"));
		}
	}

	private static void assertList(Actuator actuator, Instant begin, int blockedPort, int unreadPort, int idlePort)
			throws Exception {
		JsonNode slow = actuator.json("/tcpconnections?diagnosed=true&sort=diagnosis");
		assertThat(slow.get("total").asInt()).isEqualTo(2);
		JsonNode first = slow.at("/connections/0");
		assertThat(first.get("peer").asString()).isEqualTo("127.0.0.1:" + blockedPort);
		assertDiagnosis(first.get("diagnosis"), begin, "peer_reads_slowly",
				"[\\d.]+ s of [\\d.]+ s with data to send, .*rwnd_limited of busy.*", "Peer: ");
		JsonNode second = slow.at("/connections/1");
		assertThat(second.get("peer").asString()).isEqualTo("127.0.0.1:" + unreadPort);
		assertDiagnosis(second.get("diagnosis"), begin, "server_reads_slowly",
				"512 bytes wait in the receive queue \\(Recv-Q\\), and nothing was read for [\\d.]+ s",
				"This server: ");
		assertDiagnosis(actuator.json("/tcpconnections/" + first.get("id").asString()).get("diagnosis"), begin,
				"peer_reads_slowly", ".*", "Peer: ");
		for (String query : List.of("?sort=diagnosis", "?diagnosed=false&sort=diagnosis")) {
			JsonNode all = actuator.json("/tcpconnections" + query);
			assertThat(all.get("total").asInt()).as(query).isEqualTo(3);
			assertThat(all.at("/connections/0/id")).isEqualTo(first.get("id"));
			assertThat(all.at("/connections/2/peer").asString()).isEqualTo("127.0.0.1:" + idlePort);
			assertThat(all.at("/connections/2/diagnosis").isNull()).isTrue();
		}
	}

	private static void assertDiagnosis(JsonNode diagnosis, Instant begin, String cause, String evidence,
			String remedy) {
		assertThat(diagnosis.propertyNames()).containsExactly(FIELDS);
		assertThat(diagnosis.get("cause").asString()).isEqualTo(cause);
		assertThat(diagnosis.get("evidence").asString()).matches(evidence);
		assertThat(diagnosis.get("remedy").asString()).startsWith(remedy);
		assertThat(Instant.parse(diagnosis.get("since").asString())).isBetween(begin, Instant.now());
	}

	/**
	 * What a connection does depends on its first byte: "s" sends without end, "c" reads
	 * no more, anything else is echoed.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Handlers {

		@Bean
		ConnectionHandler byFirstByte() {
			return (connection) -> {
				ByteBuffer buffer = ByteBuffer.allocate(8192);
				connection.read(buffer.limit(1));
				switch (buffer.get(0)) {
					case 's' -> send(connection);
					case 'c' -> waitForTheEnd();
					default -> echo(connection, buffer);
				}
			};
		}

		private static void send(ClientConnection connection) throws IOException {
			while (true) {
				connection.write(ByteBuffer.allocate(8192));
			}
		}

		// As a handler that waits for a database
		private static void waitForTheEnd() {
			try {
				Thread.sleep(60_000);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		private static void echo(ClientConnection connection, ByteBuffer buffer) throws IOException {
			do {
				connection.write(buffer.flip());
			}
			while (connection.read(buffer.clear()) >= 0);
		}

	}

}
