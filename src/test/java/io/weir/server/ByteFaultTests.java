package io.weir.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.weir.Bystander;
import io.weir.Footprint;
import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.protocol.Protocol;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What bytes that nobody expects, or that come in unexpected pieces, do to a running
 * server.
 */
class ByteFaultTests extends FaultTest {

	@ParameterizedTest
	@EnumSource(Protocol.class)
	void whenPeersSendRandomBytesThenNothingButDefinedClosesFollow(Protocol protocol) throws Exception {
		TcpServer server = start(protocol);
		int threads = 4;
		RandomPeers peers = new RandomPeers(protocol, port(server));
		try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
			// What is allocated once
			peers.run(executor, threads, 250, false);
			awaitNoneActive();
			Footprint before = Footprint.now();
			Bystander other = bystander(server, protocol);
			peers.run(executor, threads, 2_300, false);
			other.close();
			awaitNoneActive();
			long received = peers.bytes.get() + other.exchanges() * (long) exchangeSize(protocol);
			assertThat(this.registry.totals().bytesReceived()).isEqualTo(received);
			assertThat(closed(CloseReason.PARTIAL_RECORD)).matches(
					(partial) -> (protocol == Protocol.ECHO_RECORD) ? partial > 0 : partial == peers.partial.get());
			if (protocol == Protocol.RECORD) {
				assertThat(this.registry.totals().records()).isEqualTo(peers.records.get() + other.exchanges());
			}
			// Of a reset connection the server may not have seen all bytes
			peers.run(executor, threads, 200, true);
			awaitNoneActive();
			assertThat(this.registry.totals().bytesReceived()).isBetween(received, peers.bytes.get() + received);
			assertThat(closed(CloseReason.RESET)).isPositive();
			long count = threads * (250L + 2_300 + 200) + 1;
			assertThat(this.registry.totals().accepted()).isEqualTo(count);
			assertThat(closed(CloseReason.END_OF_STREAM) + closed(CloseReason.PARTIAL_RECORD)
					+ closed(CloseReason.RESET) + closed(CloseReason.EMPTY))
				.isEqualTo(count);
			Footprint.awaitNoMoreThan(before);
		}
	}

	/**
	 * Clients that send a random number of random bytes, in two parts, and end or reset
	 * their connections.
	 */
	private static final class RandomPeers {

		private final Protocol protocol;

		private final int port;

		private final Random seeds = new Random(20260701);

		private final AtomicLong bytes = new AtomicLong();

		private final AtomicLong records = new AtomicLong();

		private final AtomicLong partial = new AtomicLong();

		private RandomPeers(Protocol protocol, int port) {
			this.protocol = protocol;
			this.port = port;
		}

		private void run(ExecutorService executor, int threads, int each, boolean reset) throws Exception {
			List<Future<?>> results = new ArrayList<>();
			for (int i = 0; i < threads; i++) {
				Random random = new Random(this.seeds.nextLong());
				results.add(executor.submit(() -> {
					for (int j = 0; j < each; j++) {
						connect(random, reset);
					}
					return null;
				}));
			}
			for (Future<?> result : results) {
				result.get();
			}
		}

		private void connect(Random random, boolean reset) throws IOException {
			byte[] all = new byte[random.nextInt(200)];
			random.nextBytes(all);
			int cut = random.nextInt(all.length + 1);
			try (Peer peer = Peer.connect(this.port)) {
				peer.send(Arrays.copyOf(all, cut));
				peer.send(Arrays.copyOfRange(all, cut, all.length));
				this.bytes.addAndGet(all.length);
				if (reset) {
					peer.reset();
					return;
				}
				byte[] answer = peer.endStream().receiveToEnd();
				switch (this.protocol) {
					case ECHO -> assertThat(answer).isEqualTo(all);
					case ECHO_RECORD -> assertThat(answer.length).isLessThanOrEqualTo(all.length);
					case RECORD, DISCARD -> assertThat(answer).isEmpty();
				}
				if (this.protocol == Protocol.RECORD) {
					this.records.addAndGet(all.length / RECORD.size());
					this.partial.addAndGet((all.length % RECORD.size() != 0) ? 1 : 0);
				}
			}
		}

	}

	@ParameterizedTest
	@EnumSource(value = Protocol.class, names = { "RECORD", "ECHO_RECORD" })
	void whenTheStreamEndsInsideARecordThenThatIsCountedAtEveryCut(Protocol protocol) throws Exception {
		TcpServer server = start(protocol);
		Bystander other = bystander(server, protocol);
		for (int cut = 1; cut < RECORD.size(); cut++) {
			Peer peer = connect(server);
			if (protocol == Protocol.ECHO_RECORD) {
				assertEchoed(peer);
			}
			assertThat(peer.send(Arrays.copyOf(RECORD_BYTES, cut)).endStream().receiveToEnd()).isEmpty();
			awaitClosed(CloseReason.PARTIAL_RECORD, cut);
		}
		other.close();
		awaitNoneActive();
		assertThat(this.registry.totals().records()).isEqualTo(other.exchanges());
		assertThat(closed(CloseReason.END_OF_STREAM)).isEqualTo(1);
	}

	@ParameterizedTest
	@EnumSource(value = Protocol.class, names = { "RECORD", "ECHO_RECORD" })
	void whenARecordComesInAsManySegmentsAsBytesThenItIsOneRecord(Protocol protocol) throws Exception {
		TcpServer server = start(protocol);
		Bystander other = bystander(server, protocol);
		try (Peer peer = Peer.connect(port(server))) {
			if (protocol == Protocol.ECHO_RECORD) {
				assertEchoed(peer);
			}
			Connection connection = connection(peer);
			long before = connection.bytesReceived();
			for (int i = 0; i < RECORD_BYTES.length; i++) {
				long expected = before + i;
				Awaitility.await()
					.pollInterval(Duration.ofMillis(1))
					.until(() -> connection.bytesReceived() == expected);
				assertThat(connection.records()).isZero();
				peer.send(RECORD_BYTES[i]);
			}
			Awaitility.await().until(() -> connection.records() == 1);
		}
		other.close();
		awaitNoneActive();
		assertThat(closed(CloseReason.END_OF_STREAM)).isEqualTo(2);
	}

	@Test
	void whenAThousandRecordsComeAtOnceThenAllAreUnpacked() throws Exception {
		TcpServer server = start(Protocol.RECORD);
		Bystander other = bystander(server, Protocol.RECORD);
		ByteBuffer records = ByteBuffer.allocate(1_000 * RECORD_BYTES.length);
		while (records.hasRemaining()) {
			records.put(RECORD_BYTES);
		}
		// One segment on loopback, whose MTU is 65,536
		Peer peer = connect(server).send(records.array());
		Connection connection = connection(peer);
		Awaitility.await().until(() -> connection.records() == 1_000);
		assertThat(peer.endStream().receiveToEnd()).isEmpty();
		other.close();
		awaitClosed(CloseReason.END_OF_STREAM, 2);
		assertThat(this.registry.totals().records()).isEqualTo(1_000 + other.exchanges());
	}

}
