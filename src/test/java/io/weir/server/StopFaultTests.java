package io.weir.server;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.weir.Bystander;
import io.weir.Peer;
import io.weir.Stopwatch;
import io.weir.connection.CloseReason;
import io.weir.protocol.Protocol;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What becomes of connections, and of the server, when it stops in the midst of things.
 */
class StopFaultTests extends FaultTest {

	@Test
	void whenTheServerStopsUnderLoadThenEveryByteReadIsAnsweredAndNobodyIsReset() throws Exception {
		this.gracePeriod = Duration.ofSeconds(30);
		TcpServer server = start(Protocol.ECHO);
		int port = port(server);
		int clients = 32;
		AtomicInteger exchanges = new AtomicInteger();
		CountDownLatch connected = new CountDownLatch(clients);
		try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
			List<Future<Integer>> results = IntStream.range(0, clients)
				.mapToObj((i) -> executor.submit(() -> exchangeToEnd(port, connected, exchanges)))
				.toList();
			assertThat(connected.await(30, TimeUnit.SECONDS)).isTrue();
			Awaitility.await().until(() -> exchanges.get() > 1_000);
			server.stop();
			long answered = 0;
			for (Future<Integer> result : results) {
				answered += result.get();
			}
			assertThat(this.registry.totals().bytesReceived()).isEqualTo(answered * DATA.length);
		}
		assertThat(this.registry.totals().bytesReceived()).isEqualTo(this.registry.totals().bytesSent());
		assertThat(closed(CloseReason.RESET)).isZero();
		assertThat(closed(CloseReason.DRAIN_TIMEOUT)).isZero();
	}

	// 1,000 exchanges, then a pause in which the server may drain the connection
	private static int exchangeToEnd(int port, CountDownLatch connected, AtomicInteger exchanges) throws IOException {
		int count = 0;
		try (Peer peer = Peer.connect(port)) {
			connected.countDown();
			while (count < 1_000) {
				assertEchoed(peer);
				count++;
				exchanges.incrementAndGet();
			}
			assertThat(peer.receiveToEnd()).isEmpty();
		}
		return count;
	}

	@Test
	void whenTheServerStopsWithAStuckPeerThenItIsCutAtTheEndOfTheGracePeriod() throws Exception {
		this.gracePeriod = Duration.ofSeconds(4);
		TcpServer server = start(Protocol.ECHO);
		Bystander other = bystander(server);
		blockPeers(server, 1);
		Stopwatch watch = Stopwatch.start();
		long begin = System.nanoTime();
		Thread stopping = Thread.ofPlatform().start(server::stop);
		Awaitility.await().until(() -> server.status().state(), (state) -> state == ServerState.DRAINING);
		// In the grace period it is served on, and ends when it likes
		other.awaitServed();
		other.close();
		stopping.join();
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(this.gracePeriod,
				this.gracePeriod.plusMillis(2_500).plus(watch.stalled()));
		awaitClosed(CloseReason.DRAIN_TIMEOUT, 1);
		assertThat(this.registry.totals().bytesUnanswered()).isPositive();
		assertThat(this.registry.active()).isZero();
	}

	@Test
	void whenConnectionsWaitInTheQueueAtTheStopThenTheyAreServed() throws Exception {
		this.gracePeriod = Duration.ofSeconds(30);
		for (int round = 0; round < 20; round++) {
			TcpServer server = start(Protocol.ECHO);
			List<Peer> peers = new ArrayList<>();
			for (int i = 0; i < 30; i++) {
				peers.add(connect(server).send(DATA).endStream());
			}
			server.stop();
			for (Peer peer : peers) {
				assertThat(peer.receiveToEnd()).isEqualTo(DATA);
			}
		}
	}

	@Test
	void whenStartedAndStoppedAThousandTimesWhileClientsComeThenNothingHangsOrLeaks() throws Exception {
		this.gracePeriod = Duration.ZERO;
		TcpServer server = start(Protocol.ECHO);
		server.stop();
		long own = ownThreads();
		int threads = Thread.getAllStackTraces().size();
		Random random = new Random(7);
		for (int i = 0; i < 1_000; i++) {
			server.start();
			int port = port(server);
			Thread client = Thread.startVirtualThread(() -> tryToConnect(port));
			if (random.nextBoolean()) {
				LockSupport.parkNanos(random.nextInt(1_000_000));
			}
			server.stop();
			client.join();
		}
		awaitNoneActive();
		Awaitility.await().untilAsserted(() -> assertThat(ownThreads()).isLessThanOrEqualTo(own));
		// The JDK starts some for the clients, and ends them half a minute later
		Awaitility.await()
			.untilAsserted(() -> assertThat(Thread.getAllStackTraces()).hasSizeLessThanOrEqualTo(threads + 20));
	}

	private static void tryToConnect(int port) {
		try (Peer peer = Peer.connect(port)) {
			peer.send((byte) 1);
		}
		catch (IOException ex) {
			// The server was faster
		}
	}

	private static long ownThreads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.map(Thread::getName)
			.filter((name) -> name.startsWith("tcp-") || name.startsWith("connection-"))
			.count();
	}

}
