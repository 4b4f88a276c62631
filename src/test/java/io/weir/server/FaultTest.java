package io.weir.server;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;

import io.weir.Bystander;
import io.weir.Opened;
import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.api.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.RejectReason;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketDiagnosticsFactory;
import io.weir.protocol.Protocol;
import io.weir.struct.StructFormat;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A running server for each test, and clients of it.
 */
abstract class FaultTest {

	static final StructFormat RECORD = StructFormat.parse("! I 2s Q 2h f");

	static final byte[] DATA = "data\n".getBytes(StandardCharsets.US_ASCII);

	static final byte[] RECORD_BYTES = RECORD.pack(1, new byte[] { 'a', 'b' }, 2, 3, 3, 2.5);

	@AutoClose
	final Opened opened = new Opened();

	final SocketDiagnostics diagnostics = this.opened.later(new SocketDiagnosticsFactory().open());

	final ConnectionRegistry registry = new ConnectionRegistry();

	int maxConnections = 20_000;

	Duration idleTimeout = Duration.ZERO;

	Duration writeTimeout = Duration.ZERO;

	Duration gracePeriod = Duration.ofSeconds(2);

	AdmissionRules admission = AdmissionRules.NONE;

	@Nullable Integer sendBufferSize;

	TcpServer start(ConnectionHandler handler) {
		TcpServer server = Settings.server(new ListenerSettings("localhost", 0, null, null, true, false),
				new SocketSettings(this.sendBufferSize, true, null),
				new ServingSettings(this.maxConnections, ConnectionThreads.AUTO, this.idleTimeout, this.writeTimeout,
						Duration.ZERO, Duration.ZERO, this.gracePeriod),
				this.admission, handler, this.registry, this.diagnostics);
		server.start();
		this.opened.later(server::stop);
		return server;
	}

	TcpServer start(Protocol protocol) {
		return start(protocol.handler(1024, RECORD));
	}

	static int port(TcpServer server) {
		return Objects.requireNonNull(server.address()).getPort();
	}

	Peer connect(TcpServer server, String from) throws IOException {
		return this.opened.later(Peer.connect(from, port(server)));
	}

	Peer connect(TcpServer server) throws IOException {
		return this.opened.later(Peer.connect(port(server)));
	}

	// Served meanwhile; its close fails otherwise
	Bystander bystander(TcpServer server) throws IOException {
		return this.opened.later(Bystander.echoing(Peer.connect(port(server))));
	}

	static void assertEchoed(Peer peer) throws IOException {
		assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
	}

	long rejected(RejectReason reason) {
		return this.registry.totals().rejected(reason);
	}

	void awaitRejected(RejectReason reason, long count) {
		Awaitility.await()
			.untilAsserted(
					() -> assertThat(rejected(reason)).as("%s of %s", reason, this.registry.totals()).isEqualTo(count));
	}

	long closed(CloseReason reason) {
		return this.registry.totals().closed(reason);
	}

	void awaitClosed(CloseReason reason, long count) {
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.untilAsserted(
					() -> assertThat(closed(reason)).as("%s of %s", reason, this.registry.totals()).isEqualTo(count));
	}

	void awaitNoneActive() {
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.untilAsserted(() -> assertThat(this.registry.active()).isZero());
	}

	// Each sends until the server's write to it is blocked, and reads nothing
	List<SocketChannel> blockPeers(TcpServer server, int count) throws IOException {
		List<SocketChannel> peers = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			SocketChannel peer = this.opened.later(SocketChannel.open());
			peer.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
			peer.setOption(StandardSocketOptions.SO_SNDBUF, 65_536);
			peer.connect(server.address());
			peer.configureBlocking(false);
			peers.add(peer);
		}
		ByteBuffer bytes = ByteBuffer.allocate(65_536);
		// The first time may have been a server that stood still
		Awaitility.await()
			.pollDelay(Duration.ZERO)
			.pollInterval(Duration.ofMillis(5))
			.during(Duration.ofMillis(100))
			.until(() -> {
				for (SocketChannel peer : peers) {
					peer.write(bytes.clear());
				}
				return this.registry.connections()
					.stream()
					.filter((connection) -> connection.writeBlockedFor().toMillis() > 300)
					.count() >= count;
			});
		return peers;
	}

	Bystander bystander(TcpServer server, Protocol protocol) throws IOException {
		Peer peer = Peer.connect(port(server));
		AtomicLong sent = new AtomicLong();
		int size = exchangeSize(protocol);
		return new Bystander(peer, () -> {
			switch (protocol) {
				case ECHO -> assertEchoed(peer);
				case ECHO_RECORD -> {
					assertEchoed(peer);
					peer.send(RECORD_BYTES);
				}
				case RECORD, DISCARD -> {
					peer.send(Arrays.copyOf(RECORD_BYTES, size));
					Connection connection = connection(peer);
					Awaitility.await()
						.pollDelay(Duration.ZERO)
						.pollInterval(Duration.ofMillis(1))
						.until(() -> connection.bytesReceived() == sent.get() + size);
				}
			}
			sent.addAndGet(size);
		});
	}

	static int exchangeSize(Protocol protocol) {
		return switch (protocol) {
			case ECHO -> DATA.length;
			case ECHO_RECORD -> DATA.length + RECORD_BYTES.length;
			case RECORD, DISCARD -> RECORD_BYTES.length;
		};
	}

	Connection connection(Peer peer) {
		return Awaitility.await()
			.until(() -> this.registry.connections()
				.stream()
				.filter((open) -> open.peer().getPort() == peer.port())
				.findFirst(), Optional::isPresent)
			.orElseThrow();
	}

}
