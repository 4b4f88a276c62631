package io.weir.monitor;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import io.weir.Peer;
import io.weir.ServedConnection;
import io.weir.connection.Connection;
import io.weir.api.ConnectionHandler;

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
	void whenAConnectionIsOpenThenItIsFoundUntilTheSampleEnds() throws Exception {
		try (ServedConnection served = new ServedConnection(UNTIL_END)) {
			Figures sample = new Figures(1, served.peer().port());
			assertThat(this.table.find(sample)).isNull();
			this.table.begin(List.of(served.connection()));
			assertThat(this.table.find(sample)).isSameAs(served.connection());
			this.table.end();
			assertThat(this.table.find(sample)).isNull();
			this.table.begin(List.of());
			assertThat(this.table.find(sample)).isNull();
		}
	}

	@Test
	void whenThereAreManyThenEachIsFound() throws Exception {
		List<Peer> peers = new ArrayList<>();
		try (RunningServer running = new RunningServer(1_000).start()) {
			for (int i = 0; i < 300; i++) {
				peers.add(running.connect());
			}
			running.awaitActive(peers.size());
			for (int round = 1; round <= 3; round++) {
				this.table.begin(running.registry().connections());
				for (Connection connection : running.registry().connections()) {
					assertThat(this.table.find(new Figures(1, connection.peer().getPort()))).isSameAs(connection);
				}
			}
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

}
