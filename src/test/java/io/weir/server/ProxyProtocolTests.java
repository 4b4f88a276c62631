package io.weir.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.CapturedLog;
import io.weir.Peer;
import io.weir.api.ConnectionHandler;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionState;
import io.weir.connection.Layer;
import io.weir.connection.ProxyRule;
import io.weir.connection.RejectReason;
import io.weir.kernel.SocketKey;
import io.weir.protocol.Protocol;
import io.weir.transport.AddressPrefix;
import io.weir.transport.AddressPrefixes;
import io.weir.transport.BufferPool;
import io.weir.transport.ProxyLayer;
import io.weir.transport.SocketAddresses;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A server behind a trusted proxy, 127.0.0.1, that speaks the PROXY protocol.
 */
class ProxyProtocolTests extends FaultTest {

	private static final byte[] LOCAL = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a20000000");

	private static final byte[] UNKNOWN = "PROXY UNKNOWN\r\n".getBytes(StandardCharsets.US_ASCII);

	private final BlockingQueue<String> handled = new LinkedBlockingQueue<>();

	private static byte[] header(String client) {
		return ("PROXY " + (client.contains(":") ? "TCP6 " : "TCP4 ") + client + " "
				+ (client.contains(":") ? "::1" : "192.0.2.1") + " 7 443\r\n")
			.getBytes(StandardCharsets.US_ASCII);
	}

	private TcpServer start(Duration timeout, String allow, String deny, int maxPerAddress) {
		this.admission = new AdmissionRules(
				new ProxyRule(prefixes("127.0.0.1"), new Layer(new ProxyLayer(BufferPool.direct()), timeout,
						RejectReason.PROXY_HEADER, RejectReason.PROXY_HEADER)),
				prefixes(allow), prefixes(deny), maxPerAddress);
		ConnectionHandler echo = Protocol.ECHO.handler(1024, RECORD);
		return start((connection) -> {
			this.handled.add(SocketAddresses.text(connection.peer()) + " via "
					+ ((connection.via() != null) ? SocketAddresses.text(connection.via()) : "none"));
			echo.handle(connection);
		});
	}

	static AddressPrefixes prefixes(String text) {
		return text.isEmpty() ? AddressPrefixes.NONE : AddressPrefixes.of(List.of(AddressPrefix.parse(text)));
	}

	private TcpServer start() {
		return start(Duration.ofSeconds(30), "", "", 0);
	}

	private String handled() throws InterruptedException {
		return String.valueOf(this.handled.poll(10, TimeUnit.SECONDS));
	}

	private Connection only() {
		Awaitility.await().until(() -> this.registry.active() == 1);
		return this.registry.connections().iterator().next();
	}

	@ParameterizedTest
	@ValueSource(strings = { "192.0.2.7", "2001:db8::7" })
	void theClientIsWhomTheProxyNames(String client) throws Exception {
		TcpServer server = start();
		Peer proxy = connect(server).send(header(client));
		assertEchoed(proxy);
		String peer = client.contains(":") ? "[2001:db8::7]:7" : "192.0.2.7:7";
		assertThat(handled()).isEqualTo(peer + " via 127.0.0.1:" + proxy.port());
		Connection connection = only();
		assertThat(connection.peerText()).isEqualTo(peer);
		assertThat(connection).hasToString("connection 1 from " + peer);
		// The kernel knows the socket
		assertThat(connection.socketKey()).isEqualTo(new SocketKey(0x7f000001, port(server), 0x7f000001, proxy.port()));
		assertThat(connection.bytesReceived()).isEqualTo(DATA.length);
		proxy.endStream();
		awaitClosed(CloseReason.END_OF_STREAM, 1);
	}

	@Test
	void whatComesInOneSegmentWithTheHeaderIsServed() throws Exception {
		TcpServer server = start();
		byte[] header = header("192.0.2.7");
		byte[] all = ByteBuffer.allocate(header.length + DATA.length).put(header).put(DATA).array();
		Peer proxy = connect(server).send(all);
		assertThat(proxy.receive(DATA.length)).isEqualTo(DATA);
		assertThat(proxy.endStream().receiveToEnd()).isEmpty();
		awaitClosed(CloseReason.END_OF_STREAM, 1);
	}

	@Test
	void aHeaderThatComesByteByByteIsRead() throws Exception {
		Peer proxy = connect(start());
		for (byte each : header("192.0.2.7")) {
			proxy.send(each);
		}
		assertEchoed(proxy);
	}

	@Test
	void aProxyThatComesForItselfKeepsItsAddressAndIsNotAskedForAllowAndLimit() throws Exception {
		TcpServer server = start(Duration.ofSeconds(30), "192.0.2.0/24", "", 1);
		for (byte[] header : List.of(LOCAL, UNKNOWN, LOCAL)) {
			Peer proxy = connect(server).send(header);
			assertEchoed(proxy);
			assertThat(handled()).isEqualTo("127.0.0.1:" + proxy.port() + " via none");
		}
		assertThat(this.registry.active()).isEqualTo(3);
	}

	@Test
	void whoIsNotTrustedIsAClientItself() throws Exception {
		Peer client = connect(start(), "127.0.0.2");
		byte[] header = header("192.0.2.7");
		assertThat(client.send(header).receive(header.length)).isEqualTo(header);
		assertThat(handled()).isEqualTo("127.0.0.2:" + client.port() + " via none");
	}

	@Test
	void theClientsAddressIsAskedAfterTheHeader() throws Exception {
		TcpServer server = start(Duration.ofSeconds(30), "192.0.2.0/24", "192.0.2.66", 1);
		try (CapturedLog log = CapturedLog.debug("io.weir.connection")) {
			assertRefused(connect(server).send(header("192.0.2.66")));
			assertRefused(connect(server).send(header("2001:db8::7")));
			awaitRejected(RejectReason.DENIED, 2);
			assertThat(log.messages()).hasSize(2)
				.anyMatch((line) -> line.matches("192\\.0\\.2\\.66:7 via 127\\.0\\.0\\.1:\\d+: denied"))
				.anyMatch((line) -> line.matches("\\[2001:db8::7]:7 via 127\\.0\\.0\\.1:\\d+: denied"));
		}
		Peer first = connect(server).send(header("192.0.2.7"));
		assertEchoed(first);
		assertRefused(connect(server).send(header("192.0.2.7")));
		awaitRejected(RejectReason.ADDRESS_LIMIT, 1);
		assertEchoed(connect(server).send(header("192.0.2.8")));
		assertRefused(connect(server, "127.0.0.2"));
		awaitRejected(RejectReason.DENIED, 3);
		first.endStream().receiveToEnd();
		awaitClosed(CloseReason.END_OF_STREAM, 1);
		// Its place and share are given back after that
		Awaitility.await().ignoreExceptionsInstanceOf(IOException.class).untilAsserted(() -> {
			Peer next = connect(server).send(header("192.0.2.7"));
			assertEchoed(next);
		});
		assertThat(closedInAll()).isEqualTo(1);
	}

	private long closedInAll() {
		return this.registry.totals().closed().values().stream().mapToLong(Long::longValue).sum();
	}

	private static void assertRefused(Peer peer) {
		try {
			assertThat(peer.receiveToEnd()).isEmpty();
		}
		catch (IOException ex) {
			// It may meet an RST
			assertThat(ex).hasMessageContaining("reset");
		}
	}

	@Test
	void withoutAHeaderInTimeItIsRejected() throws Exception {
		TcpServer server = start(Duration.ofSeconds(3), "", "", 0);
		Peer silent = connect(server);
		Connection connection = only();
		assertThat(connection.state()).isEqualTo(ConnectionState.HANDSHAKING);
		Peer cut = connect(server).send("PROXY TCP4 1".getBytes(StandardCharsets.US_ASCII));
		assertRefused(silent);
		assertRefused(cut);
		awaitRejected(RejectReason.PROXY_HEADER, 2);
		assertThat(connection.endReason()).isEqualTo(RejectReason.PROXY_HEADER);
		assertThat(closedInAll()).isZero();
		assertThat(this.registry.active()).isZero();
	}

	@Test
	void aHeaderThatIsWrongOrCutIsRejectedWithOneLine() throws Exception {
		TcpServer server = start();
		try (CapturedLog log = CapturedLog.debug("io.weir.connection")) {
			assertRefused(connect(server).send("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
			assertRefused(connect(server).send("PROXY TCP4 1".getBytes(StandardCharsets.US_ASCII)).endStream());
			connect(server).send("PROXY".getBytes(StandardCharsets.US_ASCII)).reset();
			awaitRejected(RejectReason.PROXY_HEADER, 3);
			Awaitility.await().until(() -> log.messages().size() >= 3);
			assertThat(log.messages()).hasSize(3).allMatch((line) -> line.contains(": proxy_header ("));
		}
		assertThat(closedInAll()).isZero();
		assertThat(this.handled).isEmpty();
	}

	@Test
	void aCheckWithoutAByteOrWithAHeaderOnlyIsEmpty() throws Exception {
		TcpServer server = start();
		connect(server).endStream().receiveToEnd();
		connect(server).send(LOCAL).endStream().receiveToEnd();
		connect(server).send(header("192.0.2.7")).endStream().receiveToEnd();
		awaitClosed(CloseReason.EMPTY, 3);
		Peer half = connect(server);
		for (byte each : header("192.0.2.7")) {
			half.send(each);
		}
		half.endStream().receiveToEnd();
		awaitClosed(CloseReason.EMPTY, 4);
		assertThat(closedInAll()).isEqualTo(4);
		assertThat(rejected(RejectReason.PROXY_HEADER)).isZero();
	}

	@Test
	void whileItWaitsForTheHeaderAnOperatorAndADrainEndIt() throws Exception {
		this.gracePeriod = Duration.ofSeconds(30);
		TcpServer server = start();
		Peer first = connect(server);
		assertThat(only().end(CloseReason.CLOSED_BY_OPERATOR)).isTrue();
		assertThat(first.receiveToEnd()).isEmpty();
		first.endStream();
		awaitClosed(CloseReason.CLOSED_BY_OPERATOR, 1);
		Peer second = connect(server);
		only();
		Thread stopping = Thread.ofVirtual().start(server::stop);
		assertThat(second.receiveToEnd()).isEmpty();
		second.endStream();
		stopping.join();
		assertThat(closed(CloseReason.DRAINED)).isEqualTo(1);
		assertThat(rejected(RejectReason.PROXY_HEADER)).isZero();
	}

}
