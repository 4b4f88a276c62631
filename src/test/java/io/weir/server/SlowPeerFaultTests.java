package io.weir.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.weir.Bystander;
import io.weir.Peer;
import io.weir.Stopwatch;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.kernel.Source;
import io.weir.protocol.Protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * What peers that read or send slowly, or not at all, do to a running server.
 */
class SlowPeerFaultTests extends FaultTest {

	@Test
	void whenAHundredPeersNeverReadThenTheWriteTimeoutClosesThemAndASlowReaderLives() throws Exception {
		this.writeTimeout = Duration.ofSeconds(5);
		// They are stuck the sooner
		this.sendBufferSize = 8192;
		TcpServer server = start(Protocol.ECHO);
		Bystander other = bystander(server);
		byte[] much = new byte[1024 * 1024];
		new Random(1).nextBytes(much);
		int stuck = 100;
		// Closed in reverse: the threads end when their socket is closed
		try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
				Peer slow = Peer.connect(new InetSocketAddress("localhost", port(server)), 4096)) {
			Future<?> sent = threads.submit(() -> slow.send(much).endStream());
			AtomicBoolean enough = new AtomicBoolean();
			byte[] echo = new byte[much.length];
			Future<Integer> slowlyRead = threads.submit(() -> readSlowly(slow, echo, enough));
			blockPeers(server, stuck);
			other.awaitServed();
			assertThat(closed(CloseReason.WRITE_TIMEOUT)).as("timed out before all are stuck").isZero();
			awaitClosed(CloseReason.WRITE_TIMEOUT, stuck);
			// It too has been read from more slowly than written to all the time, for
			// longer than the timeout
			enough.set(true);
			int count = slowlyRead.get();
			assertThat(count).isLessThan(much.length / 2);
			byte[] rest = slow.receiveToEnd();
			System.arraycopy(rest, 0, echo, count, rest.length);
			sent.get();
			assertThat(count + rest.length).isEqualTo(much.length);
			assertThat(Arrays.equals(echo, much)).isTrue();
		}
		assertThat(closed(CloseReason.WRITE_TIMEOUT)).isEqualTo(stuck);
	}

	@Test
	void whenASlowReaderKeepsAWriteBlockedThenItTimesOutOnlyWhenItReadsNoMore() throws Exception {
		assumeThat(this.diagnostics.source()).as("what tells the bytes that a peer acknowledges")
			.isEqualTo(Source.SOCK_DIAG);
		this.writeTimeout = Duration.ofSeconds(4);
		// The kernel wakes a writer when a third of it is free: at 20 KB/s in 17 s
		this.sendBufferSize = 512 * 1024;
		TcpServer server = start(Protocol.ECHO);
		Bystander other = bystander(server);
		try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
				Peer slow = Peer.connect(new InetSocketAddress("localhost", port(server)), 4096)) {
			Future<?> sent = threads.submit(() -> slow.send(new byte[8 * 1024 * 1024]));
			AtomicBoolean enough = new AtomicBoolean();
			Future<Integer> slowlyRead = threads.submit(() -> readSlowly(slow, new byte[1024 * 1024], enough));
			Connection connection = connection(slow);
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.until(() -> connection.writeBlockedFor().compareTo(this.writeTimeout.plusSeconds(2)) > 0
						|| connection.closeReason() != null);
			assertThat(connection.closeReason()).isNull();
			other.awaitServed();
			enough.set(true);
			assertThat(slowlyRead.get()).isPositive();
			awaitClosed(CloseReason.WRITE_TIMEOUT, 1);
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> sent.get(10, TimeUnit.SECONDS));
		}
	}

	// 20 KB/s: slower than the server, but never silent
	private static int readSlowly(Peer peer, byte[] bytes, AtomicBoolean enough) throws IOException {
		int count = 0;
		while (!enough.get()) {
			byte[] part = peer.receive(1024);
			System.arraycopy(part, 0, bytes, count, part.length);
			count += part.length;
			LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
		}
		return count;
	}

	@Test
	void whenAPeerIsSilentThenTheIdleTimeoutEndsItInTimeWithFin() throws Exception {
		this.idleTimeout = Duration.ofSeconds(2);
		TcpServer server = start(Protocol.ECHO_RECORD);
		Peer lively = Peer.connect(port(server));
		Bystander other = this.opened.later(new Bystander(lively, () -> {
			assertEchoed(lively);
			lively.send(RECORD_BYTES);
		}));
		Peer silent = connect(server);
		Peer midRecord = connect(server);
		assertEchoed(midRecord);
		Stopwatch watch = Stopwatch.start();
		long begin = System.nanoTime();
		midRecord.send(new byte[3]);
		assertThat(silent.receiveToEnd()).isEmpty();
		assertThat(midRecord.receiveToEnd()).isEmpty();
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(this.idleTimeout,
				Duration.ofMillis(2300).plus(watch.stalled()));
		silent.close();
		midRecord.close();
		awaitClosed(CloseReason.IDLE_TIMEOUT, 2);
		other.awaitServed();
	}

	@Test
	void whenAPeerSendsAByteNowAndThenThenItIsNotIdle() throws Exception {
		this.idleTimeout = Duration.ofSeconds(2);
		TcpServer server = start(Protocol.ECHO);
		bystander(server);
		Peer slow = connect(server);
		for (int i = 0; i < 5; i++) {
			assertThat(slow.send((byte) i).receive(1)).containsExactly(i);
			LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
		}
		assertThat(closed(CloseReason.IDLE_TIMEOUT)).isZero();
	}

}
