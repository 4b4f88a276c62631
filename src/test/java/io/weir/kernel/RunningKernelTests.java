package io.weir.kernel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import io.weir.Opened;
import io.weir.SocketStatistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for {@link SocketDiagnostics} against the running kernel, in real situations and
 * compared with what {@code ss} says at the same moment.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunningKernelTests {

	private static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);

	// Those that only grow
	private static final Set<TcpInfoField> COUNTERS = EnumSet.of(TcpInfoField.BYTES_ACKED, TcpInfoField.BYTES_RECEIVED,
			TcpInfoField.BYTES_SENT, TcpInfoField.BYTES_RETRANSMITTED, TcpInfoField.RETRANSMITS, TcpInfoField.DROPS);

	private static final Set<TcpInfoField> CLOCKS = EnumSet.of(TcpInfoField.LAST_DATA_SENT_MILLIS,
			TcpInfoField.LAST_DATA_RECEIVED_MILLIS, TcpInfoField.LAST_ACK_RECEIVED_MILLIS);

	// These run while data is not acknowledged; ss has them in whole milliseconds
	private static final Set<TcpInfoField> DURATIONS = EnumSet.of(TcpInfoField.BUSY_MICROS,
			TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS, TcpInfoField.SEND_BUFFER_LIMITED_MICROS);

	@AutoClose
	private final Opened opened = new Opened();

	@SuppressWarnings("NullAway.Init")
	private SocketDiagnostics diagnostics;

	@BeforeEach
	void openDiagnostics() throws InterruptedException {
		SocketStatistics.assumeAvailable();
		this.diagnostics = this.opened.later(new SocketDiagnosticsFactory().open());
		assumeTrue(this.diagnostics.source() == Source.SOCK_DIAG, "sock_diag is not available");
	}

	@Test
	void listenerIsAsSsSaysIt() throws IOException {
		ServerSocketChannel server = server(7, 100_000);
		assertListener(server, 0, 7);
		connect(server);
		connect(server);
		assertListener(server, 2, 7);
		server.accept().close();
		assertListener(server, 1, 7);
	}

	@Test
	void listenerOnEveryAddressIsFound() throws IOException {
		ServerSocketChannel server = this.opened.later(ServerSocketChannel.open(StandardProtocolFamily.INET));
		server.bind(new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 0), 7);
		assertListener(server, 0, 7);
	}

	@Test
	void listenersThatShareAPortAreToldApartByTheirProcess() throws IOException {
		ServerSocketChannel first = this.opened.later(ServerSocketChannel.open(StandardProtocolFamily.INET));
		first.setOption(StandardSocketOptions.SO_REUSEPORT, true).bind(LOOPBACK, 5);
		ServerSocketChannel second = this.opened.later(ServerSocketChannel.open(StandardProtocolFamily.INET));
		second.setOption(StandardSocketOptions.SO_REUSEPORT, true).bind(first.getLocalAddress(), 6);
		assertThat(this.diagnostics.listener(address(first))).isInstanceOfSatisfying(Reading.Unavailable.class,
				(reading) -> assertThat(reading.reason()).startsWith("2 sockets listen on")
					.endsWith("and 2 are this process's"));
	}

	@Test
	void whenTheAcceptQueueOverflowsThenItsLengthAndDropsSaySo() throws IOException {
		ServerSocketChannel server = server(2, 0);
		long before = new ProcReader().events().counters().getOrDefault("ListenOverflows", 0L);
		for (int i = 0; i < 12; i++) {
			SocketChannel client = this.opened.later(SocketChannel.open(StandardProtocolFamily.INET));
			client.configureBlocking(false);
			client.connect(server.getLocalAddress());
		}
		Awaitility.await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
			// The queue holds one more than the backlog
			assertThat(listener(server).queueLength()).isEqualTo(3);
			assertThat(listener(server).drops().orElseThrow()).isGreaterThanOrEqualTo(9);
			assertThat(new ProcReader().events().counters().getOrDefault("ListenOverflows", 0L) - before)
				.isGreaterThanOrEqualTo(9);
		});
		assertListener(server, 3, 2);
	}

	@Test
	void idleConnectionIsAsSsSaysIt() throws IOException {
		Pair pair = pair(server(7, 0));
		Map<TcpInfoField, Long> figures = assertAsSs(pair);
		assertThat(figures).containsEntry(TcpInfoField.BYTES_RECEIVED, 0L)
			.containsEntry(TcpInfoField.BYTES_ACKED, 0L)
			.containsEntry(TcpInfoField.RECEIVE_QUEUE, 0L)
			.containsEntry(TcpInfoField.SEND_QUEUE, 0L)
			.containsKeys(TcpInfoField.RTT_MICROS, TcpInfoField.CONGESTION_WINDOW, TcpInfoField.SEND_BUFFER);
	}

	@Test
	void usedConnectionIsAsSsSaysIt() throws IOException {
		Pair pair = pair(server(7, 0));
		transfer(pair.client(), pair.accepted(), 1_000_000);
		transfer(pair.accepted(), pair.client(), 2_000_000);
		atOnceOrSoon().until(() -> connection(pair).get(TcpInfoField.BYTES_ACKED).orElse(0) == 2_000_000);
		Map<TcpInfoField, Long> figures = assertAsSs(pair);
		assertThat(figures).containsEntry(TcpInfoField.BYTES_RECEIVED, 1_000_000L)
			.containsEntry(TcpInfoField.BYTES_ACKED, 2_000_000L)
			.containsEntry(TcpInfoField.BYTES_SENT,
					2_000_000L + figures.getOrDefault(TcpInfoField.BYTES_RETRANSMITTED, 0L));
	}

	@Test
	void blockedConnectionIsAsSsSaysIt() throws IOException {
		Pair pair = pair(server(7, 20_000));
		long received = fill(pair.client());
		long sent = fill(pair.accepted());
		Map<TcpInfoField, Long> figures = assertAsSs(pair);
		assertThat(figures.get(TcpInfoField.RECEIVE_QUEUE)).isPositive().isLessThan(received);
		assertThat(figures).containsEntry(TcpInfoField.RECEIVE_BUFFER, 40_000L);
		assertThat(
				figures.getOrDefault(TcpInfoField.SEND_QUEUE, 0L) + figures.getOrDefault(TcpInfoField.BYTES_ACKED, 0L))
			.isEqualTo(sent);
		assertThat(figures.get(TcpInfoField.NOT_SENT)).isPositive();
		assertThat(figures.get(TcpInfoField.SEND_BUFFER_USED)).isGreaterThan(figures.get(TcpInfoField.SEND_QUEUE));
	}

	@Test
	void whatAPeerSentBeforeItEndedIsPayloadAlone() throws IOException {
		Pair pair = pair(server(7, 0));
		pair.client().write(ByteBuffer.allocate(5));
		pair.client().shutdownOutput();
		awaitState(pair, TcpState.CLOSE_WAIT);
		Map<TcpInfoField, Long> figures = assertAsSs(pair);
		assertThat(figures).containsEntry(TcpInfoField.BYTES_RECEIVED, 5L)
			.containsEntry(TcpInfoField.RECEIVE_QUEUE, 5L);
		ByteBuffer buffer = ByteBuffer.allocate(100);
		assertThat(pair.accepted().read(buffer)).isEqualTo(5);
		assertThat(pair.accepted().read(buffer)).isEqualTo(-1);
		assertThat(assertAsSs(pair)).containsEntry(TcpInfoField.BYTES_RECEIVED, 5L)
			.containsEntry(TcpInfoField.RECEIVE_QUEUE, 0L);
	}

	@Test
	void whatThisSideSentBeforeItEndedIsPayloadAlone() throws IOException {
		Pair pair = pair(server(7, 0));
		pair.accepted().write(ByteBuffer.allocate(6));
		pair.accepted().shutdownOutput();
		awaitState(pair, TcpState.FIN_WAIT2);
		assertThat(assertAsSs(pair)).containsEntry(TcpInfoField.BYTES_ACKED, 6L)
			.containsEntry(TcpInfoField.BYTES_SENT, 6L)
			.containsEntry(TcpInfoField.SEND_QUEUE, 0L);
	}

	@Test
	void whatWaitsBehindABlockedPeerIsPayloadAlone() throws IOException {
		Pair pair = pair(server(7, 0));
		long sent = fill(pair.accepted());
		pair.accepted().shutdownOutput();
		awaitState(pair, TcpState.FIN_WAIT1);
		assertQueueHoldsTheRestOf(sent, assertAsSs(pair));
		pair.client().shutdownOutput();
		awaitState(pair, TcpState.CLOSING);
		Map<TcpInfoField, Long> figures = assertAsSs(pair);
		assertQueueHoldsTheRestOf(sent, figures);
		assertThat(figures).containsEntry(TcpInfoField.BYTES_RECEIVED, 0L)
			.containsEntry(TcpInfoField.RECEIVE_QUEUE, 0L);
	}

	@Test
	void whatWaitsForAPeerThatEndedFirstIsPayloadAlone() throws IOException {
		Pair pair = pair(server(7, 0));
		long sent = fill(pair.accepted());
		pair.client().shutdownOutput();
		awaitState(pair, TcpState.CLOSE_WAIT);
		pair.accepted().shutdownOutput();
		awaitState(pair, TcpState.LAST_ACK);
		Map<TcpInfoField, Long> figures = assertAsSs(pair);
		assertQueueHoldsTheRestOf(sent, figures);
		assertThat(figures).containsEntry(TcpInfoField.BYTES_RECEIVED, 0L)
			.containsEntry(TcpInfoField.RECEIVE_QUEUE, 0L);
	}

	@Test
	void busyConnectionIsAsSsSaysIt() throws IOException, InterruptedException {
		Pair pair = pair(server(7, 0));
		Thread echo = Thread.ofPlatform().daemon().start(() -> {
			try {
				// Until the channels are closed, and no more than 100 GB
				for (int i = 0; i < 100_000; i++) {
					transfer(pair.client(), pair.accepted(), 1_000_000);
					transfer(pair.accepted(), pair.client(), 10_000);
				}
			}
			catch (IOException ex) {
				// Closed
			}
		});
		Awaitility.await().until(() -> connection(pair).get(TcpInfoField.BYTES_RECEIVED).orElseThrow() > 10_000_000);
		for (int i = 0; i < 5; i++) {
			ConnectionDiagnostics before = connection(pair);
			Ss ss = pair.ss();
			ConnectionDiagnostics after = connection(pair);
			for (TcpInfoField figure : COUNTERS) {
				assertThat(ss.figure(figure).orElseThrow()).as("%s of %s", figure, ss)
					.isBetween(before.get(figure).orElseThrow(), after.get(figure).orElseThrow());
			}
			Awaitility.await()
				.until(() -> connection(pair).get(TcpInfoField.BYTES_RECEIVED)
					.orElseThrow() > after.get(TcpInfoField.BYTES_RECEIVED).orElseThrow());
		}
		pair.client().close();
		pair.accepted().close();
		echo.join(TimeUnit.SECONDS.toMillis(10));
		assertThat(echo.isAlive()).isFalse();
	}

	@Test
	void retransmittingConnectionIsAsSsSaysIt() throws Exception {
		try (NetworkNamespace here = new NetworkNamespace(); NetworkNamespace there = new NetworkNamespace()) {
			here.connect(there);
			Pair pair = here.call(() -> {
				// Every kernel has it, and unlike others it sets a threshold after loss
				Files.writeString(Path.of("/proc/sys/net/ipv4/tcp_congestion_control"), "reno");
				this.diagnostics = this.opened.later(new SocketDiagnosticsFactory().open());
				ServerSocketChannel server = this.opened.later(ServerSocketChannel.open(StandardProtocolFamily.INET));
				server.bind(new InetSocketAddress(InetAddress.ofLiteral("10.99.99.1"), 0));
				SocketChannel client = there.call(() -> connect(server));
				return new Pair(this.opened.later(server.accept()), client);
			});
			assertThat(connection(pair).get(TcpInfoField.RETRANSMITS)).hasValue(0);
			// Whatever is sent to it from now on is lost
			there.run("ip address del 10.99.99.2/24 dev weir1");
			pair.accepted().write(ByteBuffer.allocate(4_000));
			Awaitility.await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
				ConnectionDiagnostics connection = connection(pair);
				assertThat(connection.get(TcpInfoField.RETRANSMITS).orElseThrow()).isGreaterThanOrEqualTo(3);
				assertThat(connection.get(TcpInfoField.CONSECUTIVE_TIMEOUTS).orElseThrow()).isGreaterThanOrEqualTo(2);
			});
			Map<TcpInfoField, Long> lossy = here.call(() -> assertAsSs(pair));
			assertThat(lossy).containsEntry(TcpInfoField.SEND_QUEUE, 4_000L)
				.containsEntry(TcpInfoField.BYTES_ACKED, 0L);
			assertThat(lossy.get(TcpInfoField.LOST)).isPositive();
			assertThat(lossy.get(TcpInfoField.BYTES_RETRANSMITTED)).isPositive();
			assertThat(lossy).containsKey(TcpInfoField.SLOW_START_THRESHOLD);
			assertThat(here.call(() -> procTimeouts(pair))).isGreaterThanOrEqualTo(2);
			there.run("ip address add 10.99.99.2/24 dev weir1");
			Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
				assertThat(connection(pair).get(TcpInfoField.BYTES_ACKED)).hasValue(4_000);
				assertThat(connection(pair).get(TcpInfoField.CONSECUTIVE_TIMEOUTS)).hasValue(0);
			});
			assertThat(here.call(() -> assertAsSs(pair)).get(TcpInfoField.RETRANSMITS))
				.isGreaterThanOrEqualTo(lossy.get(TcpInfoField.RETRANSMITS));
		}
	}

	@Test
	void connectionThatIsOverIsNotTakenForTheListener() throws IOException {
		ServerSocketChannel server = server(7, 0);
		Pair pair = pair(server);
		InetSocketAddress local = address(server);
		SocketKey key = pair.key();
		assertThat(this.diagnostics.connection(key)).isInstanceOf(Reading.Available.class);
		// The client ends first, and so has TIME_WAIT
		pair.client().close();
		pair.accepted().close();
		Awaitility.await()
			.untilAsserted(() -> assertThat(this.diagnostics.connection(key))
				.isEqualTo(new Reading.Unavailable<>("the kernel has no such connection (any more)")));
		server.close();
		assertThat(this.diagnostics.connection(key))
			.isEqualTo(new Reading.Unavailable<>("the kernel has no such connection (any more)"));
		assertThat(this.diagnostics.listener(local)).isInstanceOf(Reading.Unavailable.class);
	}

	@Test
	void sampleVisitsEveryConnectionOfThePortAndOnlyThose() throws IOException {
		ServerSocketChannel server = server(100, 0);
		Pair other = pair(server(7, 0));
		Map<Integer, Long> expected = new HashMap<>();
		// More than fit in one datagram
		for (int i = 0; i < 300; i++) {
			Pair pair = pair(server);
			pair.client().write(ByteBuffer.allocate(i));
			expected.put(pair.remotePort(), (long) i);
		}
		atOnceOrSoon().untilAsserted(() -> {
			Map<Integer, Long> netlink = new HashMap<>();
			assertThat(this.diagnostics.sample(address(server).getPort(), (sample) -> {
				assertThat(sample.localAddress()).isEqualTo(0x7f000001);
				assertThat(sample.localPort()).isNotEqualTo(other.localPort());
				assertThat(sample.inode()).isPositive();
				assertThat(sample.cookie()).isPositive();
				assertThat(sample.get(TcpInfoField.BYTES_RECEIVED)).isEqualTo(sample.get(TcpInfoField.RECEIVE_QUEUE));
				netlink.put(sample.remotePort(), sample.get(TcpInfoField.RECEIVE_QUEUE));
			})).isNull();
			assertThat(netlink).isEqualTo(expected);
		});
		Map<Integer, Long> procfs = new HashMap<>();
		Path proc = Path.of("/proc");
		try (SocketDiagnostics files = new ProcNetSocketDiagnostics(proc, new ListenerSelector(proc))) {
			files.sample(address(server).getPort(),
					(sample) -> procfs.put(sample.remotePort(), sample.get(TcpInfoField.RECEIVE_QUEUE)));
			assertThat(((Reading.Available<ListenerDiagnostics>) files.listener(address(server))).value().queueLength())
				.isZero();
		}
		assertThat(procfs).isEqualTo(expected);
	}

	@Test
	void anyThreadMayAsk() throws Exception {
		ServerSocketChannel server = server(100, 0);
		List<Pair> pairs = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			Pair pair = pair(server);
			pair.client().write(ByteBuffer.allocate(i));
			pairs.add(pair);
		}
		atOnceOrSoon().untilAsserted(() -> {
			for (int i = 0; i < 100; i++) {
				assertThat(connection(pairs.get(i)).get(TcpInfoField.BYTES_RECEIVED)).hasValue(i);
			}
		});
		List<Future<?>> questions = new ArrayList<>();
		try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
			for (int i = 0; i < 100; i++) {
				long expected = i;
				questions.add(threads.submit(() -> {
					for (int round = 0; round < 20; round++) {
						assertThat(connection(pairs.get((int) expected)).get(TcpInfoField.BYTES_RECEIVED))
							.hasValue(expected);
					}
					return null;
				}));
				questions.add(threads.submit(() -> {
					AtomicInteger count = new AtomicInteger();
					assertThat(this.diagnostics.sample(address(server).getPort(), (sample) -> count.incrementAndGet()))
						.isNull();
					assertThat(count).hasValue(100);
					assertThat(listener(server).queueLimit()).hasValue(100);
					return null;
				}));
			}
			for (Future<?> question : questions) {
				question.get(20, TimeUnit.SECONDS);
			}
		}
	}

	@Test
	void connectionsThatWaitToBeAcceptedHaveNoInode() throws IOException {
		ServerSocketChannel server = server(7, 0);
		SocketChannel client = connect(server);
		atOnceOrSoon().untilAsserted(() -> {
			List<Long> inodes = new ArrayList<>();
			this.diagnostics.sample(address(server).getPort(), (sample) -> inodes.add(sample.inode()));
			assertThat(inodes).containsExactly(0L);
		});
		assertThat(client.isConnected()).isTrue();
	}

	// What one end has sent, the last ACK of a handshake too, may be on its way to the
	// other one when the system call returns
	private static ConditionFactory atOnceOrSoon() {
		return Awaitility.await().pollDelay(Duration.ZERO);
	}

	private void assertListener(ServerSocketChannel server, long length, long limit) throws IOException {
		atOnceOrSoon().until(() -> listener(server).queueLength() == length);
		ListenerDiagnostics listener = listener(server);
		Ss ss = Ss.listener(address(server).getPort());
		assertThat(listener.queueLength()).isEqualTo(length).isEqualTo(ss.receiveQueue());
		assertThat(listener.queueLimit()).hasValue(limit).hasValue(ss.sendQueue());
		// It grows while clients try again
		assertThat(listener.drops().orElseThrow()).isLessThanOrEqualTo(ss.figure(TcpInfoField.DROPS).orElseThrow());
		assertThat(listener(server).drops().orElseThrow())
			.isGreaterThanOrEqualTo(ss.figure(TcpInfoField.DROPS).orElseThrow());
	}

	/**
	 * Compares all figures with {@code ss}, between two readings that agree.
	 */
	private Map<TcpInfoField, Long> assertAsSs(Pair pair) throws IOException {
		for (int i = 0; i < 100; i++) {
			ConnectionDiagnostics before = connection(pair);
			Ss ss = pair.ss();
			ConnectionDiagnostics after = connection(pair);
			if (withoutClocks(before).equals(withoutClocks(after))) {
				assertThat(ss.state().replace("ESTAB", "ESTABLISHED").replaceFirst("FIN-WAIT-", "FIN-WAIT"))
					.isEqualTo(before.state().name().replace('_', '-'));
				assertThat(ss.congestionControl()).isEqualTo(before.congestionControl());
				for (TcpInfoField figure : TcpInfoField.values()) {
					assertFigure(figure, before, ss, after);
				}
				return before.figures();
			}
		}
		throw new AssertionError("The connection does not come to rest");
	}

	private static void assertFigure(TcpInfoField figure, ConnectionDiagnostics before, Ss ss,
			ConnectionDiagnostics after) {
		if (figure == TcpInfoField.CONSECUTIVE_TIMEOUTS) {
			// ss has it as the timer's backoff at most
			return;
		}
		if (CLOCKS.contains(figure)) {
			assertThat(ss.figure(figure).orElseThrow()).as("%s of %s", figure, ss)
				.isBetween(before.get(figure).orElseThrow(), after.get(figure).orElseThrow());
		}
		else if (DURATIONS.contains(figure)) {
			assertThat(ss.figure(figure).orElseThrow()).as("%s of %s", figure, ss)
				.isBetween(before.get(figure).orElseThrow() / 1000 * 1000, after.get(figure).orElseThrow());
		}
		else if (ss.figure(figure).isPresent()) {
			long fin = switch (figure) {
				case BYTES_RECEIVED -> switch (before.state()) {
					case CLOSE_WAIT, LAST_ACK, CLOSING -> 1;
					default -> 0;
				};
				case RECEIVE_QUEUE -> switch (before.state()) {
					case CLOSE_WAIT, LAST_ACK, CLOSING -> Math.min(1, ss.receiveQueue());
					default -> 0;
				};
				case SEND_QUEUE, NOT_SENT -> switch (before.state()) {
					case FIN_WAIT1, LAST_ACK, CLOSING -> 1;
					default -> 0;
				};
				case BYTES_ACKED -> (before.state() == TcpState.FIN_WAIT2) ? 1 : 0;
				default -> 0;
			};
			assertThat(before.get(figure)).as("%s of %s", figure, ss).hasValue(ss.figure(figure).orElseThrow() - fin);
		}
		else {
			assertThat(before.get(figure)).as("%s of %s", figure, ss).isEmpty();
		}
	}

	private static Map<TcpInfoField, Long> withoutClocks(ConnectionDiagnostics connection) {
		Map<TcpInfoField, Long> figures = new HashMap<>(connection.figures());
		figures.keySet().removeAll(CLOCKS);
		figures.keySet().removeAll(DURATIONS);
		return figures;
	}

	private static void assertQueueHoldsTheRestOf(long sent, Map<TcpInfoField, Long> figures) {
		assertThat(figures.getOrDefault(TcpInfoField.SEND_QUEUE, 0L)).isPositive()
			.isEqualTo(sent - figures.getOrDefault(TcpInfoField.BYTES_ACKED, 0L));
	}

	private void awaitState(Pair pair, TcpState state) {
		Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> connection(pair).state() == state);
	}

	private ListenerDiagnostics listener(ServerSocketChannel server) throws IOException {
		return available(this.diagnostics.listener(address(server)));
	}

	private ConnectionDiagnostics connection(Pair pair) throws IOException {
		return available(this.diagnostics.connection(pair.key()));
	}

	private static <T> T available(Reading<T> reading) {
		return switch (reading) {
			case Reading.Available<T> available -> available.value();
			case Reading.Unavailable<T> unavailable -> throw new AssertionError(unavailable.reason());
		};
	}

	private static long procTimeouts(Pair pair) throws IOException {
		Path proc = Path.of("/proc/thread-self");
		try (SocketDiagnostics files = new ProcNetSocketDiagnostics(proc, new ListenerSelector(proc))) {
			return available(files.connection(pair.key())).get(TcpInfoField.CONSECUTIVE_TIMEOUTS).orElseThrow();
		}
	}

	private ServerSocketChannel server(int backlog, int receiveBuffer) throws IOException {
		ServerSocketChannel server = this.opened.later(ServerSocketChannel.open(StandardProtocolFamily.INET));
		if (receiveBuffer != 0) {
			server.setOption(StandardSocketOptions.SO_RCVBUF, receiveBuffer);
		}
		return server.bind(LOOPBACK, backlog);
	}

	private SocketChannel connect(ServerSocketChannel server) throws IOException {
		SocketChannel client = this.opened.later(SocketChannel.open(StandardProtocolFamily.INET));
		client.connect(server.getLocalAddress());
		return client;
	}

	private Pair pair(ServerSocketChannel server) throws IOException {
		SocketChannel client = connect(server);
		return new Pair(this.opened.later(server.accept()), client);
	}

	private static InetSocketAddress address(ServerSocketChannel server) throws IOException {
		return (InetSocketAddress) server.getLocalAddress();
	}

	private static void transfer(SocketChannel from, SocketChannel to, int bytes) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocateDirect(10_000);
		for (int i = 0; i < bytes; i += buffer.capacity()) {
			from.write(buffer.clear());
			buffer.clear();
			while (buffer.hasRemaining()) {
				to.read(buffer);
			}
		}
	}

	/**
	 * Writes until nothing more fits, not even after a while.
	 */
	private static long fill(SocketChannel channel) throws IOException {
		channel.configureBlocking(false);
		long written = 0;
		ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
		for (int full = 0; full < 20;) {
			int count = channel.write(buffer.clear());
			written += count;
			full = (count == 0) ? full + 1 : 0;
			Thread.onSpinWait();
		}
		channel.configureBlocking(true);
		return written;
	}

	/**
	 * Both ends of a connection; the accepted one is looked at.
	 */
	private record Pair(SocketChannel accepted, SocketChannel client) {

		SocketKey key() throws IOException {
			return SocketKey.of((InetSocketAddress) this.accepted.getLocalAddress(),
					(InetSocketAddress) this.accepted.getRemoteAddress());
		}

		int localPort() {
			return this.accepted.socket().getLocalPort();
		}

		int remotePort() {
			return this.accepted.socket().getPort();
		}

		Ss ss() throws IOException {
			return Ss.connection(localPort(), remotePort());
		}

	}

}
