package io.weir.server;

import java.io.IOException;
import java.net.InetSocketAddress;
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
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.weir.Bystander;
import io.weir.CapturedLog;
import io.weir.Footprint;
import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketDiagnosticsFactory;
import io.weir.protocol.Protocol;
import io.weir.struct.StructFormat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * What peers and a system in trouble do to a running server, one fault a test. In each
 * test another client is served meanwhile as ever.
 */
class FaultTests {

	private static final StructFormat RECORD = StructFormat.parse("! I 2s Q 2h f");

	private static final byte[] DATA = "data\n".getBytes(StandardCharsets.US_ASCII);

	private static final byte[] RECORD_BYTES = RECORD.pack(1, new byte[] { 'a', 'b' }, 2, 3, 3, 2.5);

	private final SocketDiagnostics diagnostics = new SocketDiagnosticsFactory().open();

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private final List<AutoCloseable> opened = new ArrayList<>();

	private int maxConnections = 20_000;

	private Duration idleTimeout = Duration.ZERO;

	private Duration writeTimeout = Duration.ZERO;

	private Duration gracePeriod = Duration.ofSeconds(2);

	private @Nullable Integer sendBufferSize;

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.opened.reversed()) {
			closeable.close();
		}
		this.diagnostics.close();
	}

	private TcpServer start(ConnectionHandler handler) {
		TcpServer server = Settings.server(new ListenerSettings("localhost", 0, null, null, true, false),
				new SocketSettings(this.sendBufferSize, true, null), new ServingSettings(this.maxConnections,
						ConnectionThreads.AUTO, this.idleTimeout, this.writeTimeout, Duration.ZERO, this.gracePeriod),
				handler, this.registry, this.diagnostics);
		server.start();
		this.opened.add(server::stop);
		return server;
	}

	private TcpServer start(Protocol protocol) {
		return start(protocol.handler(1024, RECORD));
	}

	private static int port(TcpServer server) {
		return Objects.requireNonNull(server.address()).getPort();
	}

	private Peer connect(TcpServer server) throws IOException {
		Peer peer = Peer.connect(port(server));
		this.opened.add(peer);
		return peer;
	}

	// Served meanwhile; its close fails otherwise
	private Bystander bystander(TcpServer server) throws IOException {
		Bystander bystander = Bystander.echoing(Peer.connect(port(server)));
		this.opened.add(bystander);
		return bystander;
	}

	private static void assertEchoed(Peer peer) throws IOException {
		assertThat(peer.send(DATA).receive(DATA.length)).isEqualTo(DATA);
	}

	private long closed(CloseReason reason) {
		return this.registry.totals().closed(reason);
	}

	private void awaitClosed(CloseReason reason, long count) {
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.untilAsserted(
					() -> assertThat(closed(reason)).as("%s of %s", reason, this.registry.totals()).isEqualTo(count));
	}

	private void awaitNoneActive() {
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.untilAsserted(() -> assertThat(this.registry.active()).isZero());
	}

	@Test
	void whenMoreClientsComeThanMayBeOpenThenAllAreServedInTurn() throws Exception {
		this.maxConnections = 8;
		TcpServer server = start(Protocol.ECHO);
		Bystander other = bystander(server);
		Awaitility.await().until(() -> other.exchanges() > 0);
		List<Peer> peers = new ArrayList<>();
		for (int i = 0; i < this.maxConnections + 50; i++) {
			peers.add(connect(server).send(DATA));
		}
		Awaitility.await().until(() -> server.state() == ServerState.FULL);
		assertThat(this.registry.active()).isEqualTo(this.maxConnections);
		for (Peer peer : peers) {
			assertThat(peer.receive(DATA.length)).isEqualTo(DATA);
			peer.close();
		}
		awaitClosed(CloseReason.END_OF_STREAM, peers.size());
		Awaitility.await().until(() -> server.state() == ServerState.ACCEPTING);
	}

	@Test
	void whenAHandlerThrowsAnErrorThenItsPermitIsGivenBack() throws Exception {
		// One place beside the other client
		this.maxConnections = 2;
		AtomicInteger failures = new AtomicInteger();
		ConnectionHandler echo = Protocol.ECHO.handler(1024, RECORD);
		TcpServer server = start((connection) -> {
			if (failures.getAndDecrement() > 0) {
				throw new StackOverflowError("injected");
			}
			return echo.handle(connection);
		});
		bystander(server).awaitServed();
		failures.set(3);
		for (int i = 0; i < 3; i++) {
			assertThat(connect(server).receiveToEnd()).isEmpty();
		}
		awaitClosed(CloseReason.HANDLER_ERROR, 3);
		assertEchoed(connect(server));
	}

	@Test
	void whenAPeerResetsThenOnlyItsConnectionEndsAsReset() throws Exception {
		TcpServer server = start(Protocol.ECHO_RECORD);
		Bystander other = bystander(server, Protocol.ECHO_RECORD);
		try (CapturedLog log = CapturedLog.info("io.weir")) {
			Peer midRead = connect(server);
			assertEchoed(midRead);
			midRead.reset();
			Peer midRecord = connect(server);
			assertEchoed(midRecord);
			midRecord.send(new byte[10]);
			Connection connection = connection(midRecord);
			Awaitility.await().until(() -> connection.bytesReceived() == DATA.length + 10);
			midRecord.reset();
			awaitClosed(CloseReason.RESET, 2);
			assertThat(log.events()).isEmpty();
		}
		other.awaitServed();
		other.close();
		awaitClosed(CloseReason.END_OF_STREAM, 1);
	}

	@Test
	void whenAPeerResetsMidWriteThenItsConnectionEndsAsReset() throws Exception {
		TcpServer server = start(Protocol.ECHO);
		Bystander other = bystander(server);
		try (CapturedLog log = CapturedLog.info("io.weir")) {
			SocketChannel peer = blockPeers(server, 1).getFirst();
			other.awaitServed();
			peer.setOption(StandardSocketOptions.SO_LINGER, 0);
			peer.close();
			awaitClosed(CloseReason.RESET, 1);
			assertThat(log.events()).isEmpty();
		}
		assertEchoed(connect(server));
	}

	@Test
	void whenAHundredPeersNeverReadThenTheWriteTimeoutClosesThemAndASlowReaderLives() throws Exception {
		this.writeTimeout = Duration.ofSeconds(3);
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
			.isEqualTo("sock_diag");
		this.writeTimeout = Duration.ofSeconds(2);
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
				.until(() -> connection.writeBlockedFor().compareTo(this.writeTimeout.multipliedBy(2)) > 0
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

	// Each sends until the server's write to it is blocked, and reads nothing
	private List<SocketChannel> blockPeers(TcpServer server, int count) throws IOException {
		List<SocketChannel> peers = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			SocketChannel peer = SocketChannel.open();
			this.opened.add(peer);
			peer.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
			peer.setOption(StandardSocketOptions.SO_SNDBUF, 65_536);
			peer.connect(server.address());
			peer.configureBlocking(false);
			peers.add(peer);
		}
		ByteBuffer bytes = ByteBuffer.allocate(65_536);
		Awaitility.await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5)).until(() -> {
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

	@Test
	void whenAPeerIsSilentThenTheIdleTimeoutEndsItInTimeWithFin() throws Exception {
		this.idleTimeout = Duration.ofSeconds(2);
		TcpServer server = start(Protocol.ECHO_RECORD);
		Peer lively = Peer.connect(port(server));
		Bystander other = new Bystander(lively, () -> {
			assertEchoed(lively);
			lively.send(RECORD_BYTES);
		});
		this.opened.add(other);
		Peer silent = connect(server);
		Peer midRecord = connect(server);
		assertEchoed(midRecord);
		midRecord.send(new byte[3]);
		long begin = System.nanoTime();
		assertThat(silent.receiveToEnd()).isEmpty();
		assertThat(midRecord.receiveToEnd()).isEmpty();
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofMillis(1700),
				Duration.ofMillis(2300));
		silent.close();
		midRecord.close();
		awaitClosed(CloseReason.IDLE_TIMEOUT, 2);
		other.awaitServed();
	}

	@Test
	void whenAPeerSendsAByteNowAndThenThenItIsNotIdle() throws Exception {
		this.idleTimeout = Duration.ofSeconds(1);
		TcpServer server = start(Protocol.ECHO);
		bystander(server);
		Peer slow = connect(server);
		for (int i = 0; i < 5; i++) {
			assertThat(slow.send((byte) i).receive(1)).containsExactly(i);
			LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
		}
		assertThat(closed(CloseReason.IDLE_TIMEOUT)).isZero();
	}

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
			assertThat(closed(CloseReason.RESET)).isEqualTo(threads * 200L);
			long count = threads * (250L + 2_300 + 200) + 1;
			assertThat(this.registry.accepted()).isEqualTo(count);
			assertThat(
					closed(CloseReason.END_OF_STREAM) + closed(CloseReason.PARTIAL_RECORD) + closed(CloseReason.RESET))
				.isEqualTo(count);
			Footprint.awaitNoMoreThan(before);
		}
	}

	private Bystander bystander(TcpServer server, Protocol protocol) throws IOException {
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

	private static int exchangeSize(Protocol protocol) {
		return switch (protocol) {
			case ECHO -> DATA.length;
			case ECHO_RECORD -> DATA.length + RECORD_BYTES.length;
			case RECORD, DISCARD -> RECORD_BYTES.length;
		};
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

	private Connection connection(Peer peer) {
		return Awaitility.await()
			.until(() -> this.registry.connections()
				.stream()
				.filter((open) -> open.peer().getPort() == peer.port())
				.findFirst(), Optional::isPresent)
			.orElseThrow();
	}

	@Test
	void whenTheServerStopsUnderLoadThenEveryByteReadIsAnsweredAndNobodyIsReset() throws Exception {
		this.gracePeriod = Duration.ofSeconds(30);
		TcpServer server = start(Protocol.ECHO);
		int port = port(server);
		int clients = 32;
		AtomicInteger exchanges = new AtomicInteger();
		try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
			List<Future<Integer>> results = IntStream.range(0, clients)
				.mapToObj((i) -> executor.submit(() -> exchangeToEnd(port, exchanges)))
				.toList();
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
	private static int exchangeToEnd(int port, AtomicInteger exchanges) throws IOException {
		int count = 0;
		try (Peer peer = Peer.connect(port)) {
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
		TcpServer server = start(Protocol.ECHO);
		Bystander other = bystander(server);
		blockPeers(server, 1);
		long begin = System.nanoTime();
		Thread stopping = Thread.ofPlatform().start(server::stop);
		Awaitility.await().until(server::state, (state) -> state == ServerState.DRAINING);
		// In the grace period it is served on, and ends when it likes
		other.awaitServed();
		other.close();
		stopping.join();
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(this.gracePeriod,
				this.gracePeriod.plusMillis(1_700));
		assertThat(closed(CloseReason.DRAIN_TIMEOUT)).isEqualTo(1);
		assertThat(this.registry.totals().bytesUnanswered()).isPositive();
		assertThat(this.registry.active()).isZero();
	}

	@Test
	void whenConnectionsWaitInTheQueueAtTheStopThenTheyAreServed() throws Exception {
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
		int threads = platformThreads();
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
		Awaitility.await().untilAsserted(() -> assertThat(platformThreads()).isLessThanOrEqualTo(threads + 2));
	}

	private static void tryToConnect(int port) {
		try (Peer peer = Peer.connect(port)) {
			peer.send((byte) 1);
		}
		catch (IOException ex) {
			// The server was faster
		}
	}

	private static int platformThreads() {
		return Thread.getAllStackTraces().size();
	}

	@Test
	void whenManyConnectionsComeAndGoThenCountsAreExactAndNoneIsLeft() throws Exception {
		TcpServer server = start(Protocol.ECHO);
		int port = port(server);
		int clients = 8;
		int each = 2_500;
		try (ExecutorService executor = Executors.newFixedThreadPool(clients)) {
			List<Future<?>> results = new ArrayList<>();
			for (int client = 0; client < clients; client++) {
				results.add(executor.submit(() -> {
					for (int i = 0; i < each; i++) {
						try (Peer peer = Peer.connect(port)) {
							assertEchoed(peer);
							peer.endStream().receiveToEnd();
						}
					}
					return null;
				}));
			}
			for (Future<?> result : results) {
				result.get();
			}
		}
		awaitNoneActive();
		long count = (long) clients * each;
		assertThat(this.registry.accepted()).isEqualTo(count);
		assertThat(closed(CloseReason.END_OF_STREAM)).isEqualTo(count);
		assertThat(this.registry.totals().bytesReceived()).isEqualTo(count * DATA.length);
		assertThat(this.registry.totals().bytesSent()).isEqualTo(count * DATA.length);
	}

	@Test
	void whenTheOperatorClosesAConnectionThenThePeerGetsFinAndCanStillSend() throws Exception {
		TcpServer server = start(Protocol.ECHO);
		Peer peer = connect(server);
		assertEchoed(peer);
		Connection connection = this.registry.connections().iterator().next();
		Peer other = connect(server);
		assertEchoed(other);
		assertThat(connection.end(CloseReason.CLOSED_BY_OPERATOR)).isTrue();
		for (int part = 1; part <= 3; part++) {
			long expected = 2L * DATA.length + part * 1000L;
			peer.send(new byte[1000]);
			Awaitility.await().until(() -> this.registry.totals().bytesReceived() == expected);
		}
		assertThat(peer.receiveToEnd()).isEmpty();
		peer.close();
		awaitClosed(CloseReason.CLOSED_BY_OPERATOR, 1);
		assertEchoed(other);
		assertThat(this.registry.totals().bytesUnanswered()).isEqualTo(3000);
	}

}
