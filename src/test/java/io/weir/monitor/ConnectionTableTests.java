package io.weir.monitor;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.weir.Peer;
import io.weir.ServedConnection;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.api.ConnectionHandler;
import io.weir.kernel.TcpInfoField;
import io.weir.kernel.SocketSample;
import io.weir.kernel.TcpState;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConnectionTable}.
 */
class ConnectionTableTests {

	private static final ConnectionHandler UNTIL_END = (connection) -> {
		connection.read(ByteBuffer.allocate(1));
	};

	private final ConnectionTable table = new ConnectionTable();

	@Test
	void whenRetransmitsGrowThenTheIncreaseIsTold() throws Exception {
		try (ServedConnection served = new ServedConnection(UNTIL_END)) {
			List<Connection> connections = List.of(served.connection());
			Sample sample = new Sample(served.peer().port());
			this.table.begin(connections);
			assertThat(this.table.contains(sample)).isTrue();
			assertThat(this.table.increase(sample, 3)).isEqualTo(3);
			this.table.begin(connections);
			assertThat(this.table.increase(sample, 10)).isEqualTo(7);
			// Another connection from the same port
			this.table.begin(connections);
			assertThat(this.table.increase(sample, 2)).isEqualTo(2);
			this.table.begin(List.of());
			assertThat(this.table.contains(sample)).isFalse();
			this.table.begin(connections);
			assertThat(this.table.increase(sample, 4)).isEqualTo(4);
		}
	}

	@Test
	void whenThereAreManyThenEachHasItsOwnValue() throws Exception {
		List<Peer> peers = new ArrayList<>();
		try (RunningServer running = new RunningServer(1_000).start()) {
			for (int i = 0; i < 300; i++) {
				peers.add(running.connect());
			}
			running.awaitActive(peers.size());
			for (int round = 1; round <= 3; round++) {
				this.table.begin(running.registry().connections());
				for (int i = 0; i < peers.size(); i++) {
					Sample sample = new Sample(peers.get(i).port());
					assertThat(this.table.contains(sample)).isTrue();
					assertThat(this.table.increase(sample, (long) round * i)).isEqualTo(i);
				}
			}
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

	private record Sample(int remotePort) implements SocketSample {

		@Override
		public int localAddress() {
			return remoteAddress();
		}

		@Override
		public int localPort() {
			return 1;
		}

		@Override
		public int remoteAddress() {
			return SocketSample.toInt((Inet4Address) InetAddress.ofLiteral("127.0.0.1"));
		}

		@Override
		public long cookie() {
			return 1;
		}

		@Override
		public long inode() {
			return 1;
		}

		@Override
		public TcpState state() {
			return TcpState.ESTABLISHED;
		}

		@Override
		public @Nullable String congestionControl() {
			return null;
		}

		@Override
		public boolean has(TcpInfoField figure) {
			return false;
		}

		@Override
		public long get(TcpInfoField figure) {
			throw new NoSuchElementException();
		}

	}

}
