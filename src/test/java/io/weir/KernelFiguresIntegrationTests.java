package io.weir;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.server.ServerState;
import io.weir.server.TcpServer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the actuator says of the kernel agrees with {@code ss}, on connections of every
 * kind, and an overflow of the accept queue is seen.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "tcp.server.port=0", "tcp.server.protocol=echo", "tcp.server.backlog=3",
				"tcp.server.max-connections=6", "tcp.server.sampling.interval=200ms" })
class KernelFiguresIntegrationTests {

	@Autowired
	@SuppressWarnings("NullAway.Init")
	private TcpServer server;

	@Autowired
	@SuppressWarnings("NullAway.Init")
	private ConnectionRegistry connections;

	@LocalServerPort
	private int httpPort;

	@SuppressWarnings("NullAway.Init")
	private Actuator actuator;

	private int port;

	private final List<AutoCloseable> opened = new ArrayList<>();

	@BeforeEach
	void look() throws InterruptedException {
		SocketStatistics.assumeAvailable();
		this.actuator = new Actuator(this.httpPort);
		this.port = Objects.requireNonNull(this.server.address()).getPort();
	}

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.opened) {
			closeable.close();
		}
		// Those that were in the queue, too
		Awaitility.await()
			.until(() -> this.connections.active() == 0
					&& this.actuator.json("/tcpserver").at("/acceptQueue/length").asInt() == 0);
		this.actuator.close();
	}

	private Peer connect() throws Exception {
		Peer peer = Peer.connect(this.port);
		this.opened.add(peer);
		return peer;
	}

	@Test
	void listenerAgreesWithSs() throws Exception {
		SocketStatistics ss = SocketStatistics.listener(this.port);
		JsonNode body = this.actuator.json("/tcpserver");
		JsonNode backlog = body.at("/settings/backlog");
		assertThat(backlog.get("effective").asLong()).isEqualTo(ss.sendQueue()).isEqualTo(3);
		assertThat(backlog.get("source").asString()).isEqualTo("sock_diag");
		assertThat(body.at("/acceptQueue/limit").asLong()).isEqualTo(ss.sendQueue());
		assertThat(body.at("/acceptQueue/length").asLong()).isZero();
		assertThat(body.at("/acceptQueue/drops").asLong()).isEqualTo(ss.memory("d"));
		assertThat(body.at("/settings/receiveBuffer/effective").asLong()).isEqualTo(ss.memory("rb"));
		assertThat(body.at("/settings/sendBuffer/effective").asLong()).isEqualTo(ss.memory("tb"));
	}

	@Test
	void idleConnectionAgreesWithSs() throws Exception {
		Peer peer = connect();
		assertThat(peer.send(new byte[5000]).receive(5000)).hasSize(5000);
		Map<String, String> figures = assertAgrees(peer.port());
		assertThat(figures).containsEntry("bytesReceived", "5000").containsEntry("bytesSent", "5000");
	}

	@Test
	void halfClosedConnectionAgreesWithSs() throws Exception {
		SocketChannel peer = SocketChannel.open(StandardProtocolFamily.INET);
		this.opened.add(peer);
		peer.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
		peer.connect(this.server.address());
		int peerPort = ((InetSocketAddress) peer.getLocalAddress()).getPort();
		// Until the server's write is blocked; no more than it reads, so that the end of
		// the stream gets there, before what was sent last is read
		ByteBuffer bytes = ByteBuffer.allocate(16_384);
		Connection connection = Awaitility.await()
			.until(() -> this.connections.connections().stream().findFirst(), Optional::isPresent)
			.orElseThrow();
		// Else the kernel may have enlarged it meanwhile, and the end wakes the writer
		connection.channel().setOption(StandardSocketOptions.SO_SNDBUF, 65_536);
		long sent = 0;
		while (connection.writeBlockedFor().toMillis() < 500) {
			if (connection.bytesReceived() == sent) {
				sent += peer.write(bytes.clear());
			}
			Thread.onSpinWait();
		}
		peer.shutdownOutput();
		Awaitility.await().until(() -> ss(peerPort).text().startsWith("CLOSE-WAIT"));
		assertThat(assertAgrees(peerPort)).hasEntrySatisfying("receiveQueue",
				(queue) -> assertThat(Long.parseLong(queue)).isPositive());
	}

	@Test
	void blockedConnectionAgreesWithSsAndIsCounted() throws Exception {
		SocketChannel peer = SocketChannel.open(StandardProtocolFamily.INET);
		this.opened.add(peer);
		block(peer);
		int peerPort = ((InetSocketAddress) peer.getLocalAddress()).getPort();
		Awaitility.await().untilAsserted(() -> assertThat(scrape("tcp_server_blocked_writers_connections")).isOne());
		Map<String, String> figures = assertAgrees(peerPort);
		assertThat(figures).hasEntrySatisfying("sendQueue", (queue) -> assertThat(Long.parseLong(queue)).isPositive());
		assertThat(connection(peerPort).get("state").asString()).isEqualTo("writing");
		for (String direction : List.of("sent", "received")) {
			String queue = Objects.requireNonNull(figures.get(direction.equals("sent") ? "sendQueue" : "receiveQueue"));
			Awaitility.await()
				.untilAsserted(() -> assertThat(scrape("tcp_server_queued_bytes{direction=\"" + direction + "\"}"))
					.isPositive()
					.isEqualTo(Double.parseDouble(queue)));
		}
	}

	@Test
	void busyConnectionAgreesWithSs() throws Exception {
		Peer peer = connect();
		// It is accepted
		assertThat(peer.send((byte) 1).receive(1)).hasSize(1);
		// An interrupt would close the socket
		AtomicBoolean enough = new AtomicBoolean();
		Thread load = Thread.startVirtualThread(() -> {
			try {
				byte[] bytes = new byte[1000];
				for (int i = 0; i < 20_000 && !enough.get(); i++) {
					peer.send(bytes).receive(bytes.length);
				}
			}
			catch (IOException ex) {
				// The test is over
			}
		});
		// While it moves two looks never agree: the kernel's figures lie between ours of
		// before and after
		long before = connection(peer.port()).at("/kernel/bytesReceived").asLong();
		long between = ss(peer.port()).bytesReceived();
		long after = connection(peer.port()).at("/kernel/bytesReceived").asLong();
		assertThat(between).isBetween(before, after);
		enough.set(true);
		load.join();
		assertAgrees(peer.port());
		Awaitility.await()
			.untilAsserted(() -> assertThat(scrape("tcp_server_rtt_seconds{statistic=\"median\"}")).isPositive());
	}

	@Test
	void whenTheAcceptQueueOverflowsThenItIsSeenAndFound() throws Exception {
		assertThat(this.actuator.json("/tcpserver").get("findings").toString()).doesNotContain("accept-queue");
		double before = scrape("tcp_server_listener_drops_packets_total");
		long overflowsBefore = (long) scrape("tcp_server_accept_queue_overflows_connections_total");
		long total = Objects.requireNonNull(SocketStatistics.listener(this.port)).memory("d");
		assertThat(before).isEqualTo((double) total);
		this.opened.add(Bystander.echoing(Peer.connect(this.port)));
		for (int i = 0; i < 5; i++) {
			connect();
		}
		Awaitility.await().until(() -> this.server.status().state() == ServerState.FULL);
		for (int i = 0; i < 20; i++) {
			SocketChannel waiting = SocketChannel.open(StandardProtocolFamily.INET);
			this.opened.add(waiting);
			waiting.configureBlocking(false);
			waiting.connect(this.server.address());
		}
		Awaitility.await().untilAsserted(() -> {
			long dropped = SocketStatistics.listener(this.port).memory("d");
			JsonNode body = this.actuator.json("/tcpserver");
			assertThat(body.get("state").asString()).isEqualTo("full");
			assertThat(body.at("/acceptQueue/length").asLong()).isEqualTo(4);
			assertThat(body.at("/acceptQueue/limit").asLong()).isEqualTo(3);
			assertThat(dropped).isGreaterThan(total + 10);
			assertThat(body.at("/acceptQueue/drops").asLong()).isGreaterThanOrEqualTo(dropped);
			// Nothing else drops
			assertThat(body.at("/acceptQueue/overflows").asLong()).isGreaterThan(overflowsBefore + 10);
			assertThat(scrape("tcp_server_accept_queue_connections")).isEqualTo(4);
			assertThat(scrape("tcp_server_listener_drops_packets_total")).isGreaterThanOrEqualTo((double) dropped);
			assertThat(scrape("tcp_server_accept_queue_overflows_connections_total"))
				.isGreaterThan((double) overflowsBefore + 10);
			assertThat(body.get("findings").toString()).contains("accept-queue", "tcp.server.backlog bounds it");
		});
	}

	@Test
	void sortsByRetransmitsAndRoundTripTime() throws Exception {
		for (int i = 0; i < 3; i++) {
			assertThat(connect().send((byte) 1).receive(1)).hasSize(1);
		}
		for (String sort : List.of("rtt:rttMicros", "retransmits:retransmits")) {
			String parameter = sort.substring(0, sort.indexOf(':'));
			String field = sort.substring(sort.indexOf(':') + 1);
			// Sorted by the last sample, which has seen the last byte by then
			Awaitility.await().untilAsserted(() -> {
				List<Long> figures = new ArrayList<>();
				this.actuator.json("/tcpconnections?sort=" + parameter)
					.get("connections")
					.forEach((connection) -> figures.add(connection.get("kernel").get(field).asLong()));
				assertThat(figures).hasSize(3).isSortedAccordingTo((a, b) -> Long.compare(b, a));
			});
		}
	}

	// Sends until nothing goes any more, and reads nothing
	private void block(SocketChannel peer) throws Exception {
		peer.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
		peer.connect(this.server.address());
		peer.configureBlocking(false);
		ByteBuffer bytes = ByteBuffer.allocate(65_536);
		long quietSince = System.nanoTime();
		int written = 1;
		while (written > 0 || System.nanoTime() - quietSince < Duration.ofMillis(500).toNanos() || !isWriterBlocked()) {
			written = peer.write(bytes.clear());
			if (written > 0) {
				quietSince = System.nanoTime();
			}
			Thread.onSpinWait();
		}
	}

	// After a pause of this machine a peer may seem to be blocked
	private boolean isWriterBlocked() {
		return this.connections.connections()
			.stream()
			.anyMatch((connection) -> connection.writeBlockedFor().toMillis() >= 500);
	}

	private double scrape(String series) throws Exception {
		return this.actuator.text("/prometheus")
			.lines()
			.filter((line) -> line.startsWith(series + " "))
			.mapToDouble((line) -> Double.parseDouble(line.substring(series.length() + 1)))
			.findFirst()
			.orElse(Double.NaN);
	}

	private JsonNode connection(int peerPort) throws Exception {
		for (JsonNode connection : this.actuator.json("/tcpconnections").get("connections")) {
			if (connection.get("peer").asString().equals("127.0.0.1:" + peerPort)) {
				return this.actuator.json("/tcpconnections/" + connection.get("id").asString());
			}
		}
		throw new AssertionError("No connection from port " + peerPort);
	}

	private SsConnection ss(int peerPort) throws Exception {
		return new SsConnection(SocketStatistics.connection(this.port, peerPort).text());
	}

	// Figures move: agree in one of some looks
	private Map<String, String> assertAgrees(int peerPort) throws Exception {
		Map<String, String> ours = Map.of();
		Map<String, String> theirs = Map.of();
		for (int i = 0; i < 20; i++) {
			JsonNode kernel = connection(peerPort).get("kernel");
			theirs = ss(peerPort).figures();
			ours = new LinkedHashMap<>();
			for (String name : theirs.keySet()) {
				ours.put(name, (kernel.get(name) != null) ? kernel.get(name).asString() : "absent");
			}
			if (ours.equals(theirs)) {
				return ours;
			}
		}
		assertThat(ours).isEqualTo(theirs);
		return ours;
	}

	/**
	 * A connection's line of {@code ss -tnmoi}.
	 */
	private record SsConnection(String text) {

		Map<String, String> figures() {
			Map<String, String> figures = new LinkedHashMap<>();
			boolean closeWait = this.text.startsWith("CLOSE-WAIT");
			String[] columns = this.text.split("\\s+", -1);
			UnaryOperator<String> withoutFin = (number) -> closeWait ? Long.toString(Long.parseLong(number) - 1)
					: number;
			figures.put("receiveQueue", withoutFin.apply(columns[1]));
			figures.put("sendQueue", columns[2]);
			put(figures, "receiveBuffer", "[(,]rb(\\d+)", UnaryOperator.identity());
			put(figures, "sendBuffer", "[(,]tb(\\d+)", UnaryOperator.identity());
			put(figures, "receiveBufferUsed", "[(,]r(\\d+)", UnaryOperator.identity());
			put(figures, "drops", "[(,]d(\\d+)", UnaryOperator.identity());
			put(figures, "rttMicros", " rtt:([\\d.]+)/", SsConnection::micros);
			put(figures, "rttVarMicros", " rtt:[\\d.]+/([\\d.]+)", SsConnection::micros);
			put(figures, "rtoMicros", " rto:([\\d.]+)", SsConnection::micros);
			put(figures, "congestionWindow", " cwnd:(\\d+)", UnaryOperator.identity());
			put(figures, "retransmits", " retrans:\\d+/(\\d+)", UnaryOperator.identity());
			put(figures, "bytesSent", " bytes_sent:(\\d+)", UnaryOperator.identity());
			put(figures, "bytesAcked", " bytes_acked:(\\d+)", UnaryOperator.identity());
			put(figures, "bytesReceived", " bytes_received:(\\d+)", withoutFin);
			return figures;
		}

		long bytesReceived() {
			return Long.parseLong(Objects.requireNonNull(find(" bytes_received:(\\d+)")));
		}

		// ss leaves out what is 0
		private void put(Map<String, String> figures, String name, String pattern, UnaryOperator<String> unit) {
			String found = find(pattern);
			if (found != null) {
				figures.put(name, unit.apply(found));
			}
		}

		private @Nullable String find(String pattern) {
			Matcher matcher = Pattern.compile(pattern).matcher(this.text);
			return matcher.find() ? matcher.group(1) : null;
		}

		private static String micros(String millis) {
			return Long.toString(Math.round(Double.parseDouble(millis) * 1000));
		}

	}

}
