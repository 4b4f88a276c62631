package io.weir.server;

import io.weir.connection.ConnectionRunner;
import io.weir.api.ClientConnection;
import io.weir.FakeDiagnostics;
import java.io.EOFException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import jdk.management.VirtualThreadSchedulerMXBean;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.weir.CapturedLog;
import io.weir.Footprint;
import io.weir.FreePort;
import io.weir.Peer;
import io.weir.SocketStatistics;
import io.weir.Stopwatch;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.api.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.kernel.Source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for {@link TcpServer} and {@link TcpServerLifecycle}.
 */
class TcpServerTests {

	private static final Duration NONE = Duration.ZERO;

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private @Nullable TcpServer server;

	@AfterEach
	void stop() {
		if (this.server != null) {
			Thread stopping = Thread.ofPlatform().start(this.server::stop);
			stopping.interrupt();
			Awaitility.await().until(() -> !stopping.isAlive());
		}
	}

	@Test
	void whenStartedThenItTellsWhereAndServes() throws Exception {
		TcpServer server = server(10, NONE, NONE);
		assertThat(server.status().state()).isEqualTo(ServerState.STARTING);
		assertThat(server.address()).isNull();
		assertThat(server.status().startedAt()).isNull();
		assertThat(server.settings()).isNull();
		assertThat(server.status().failure()).isNull();
		assertThat(server.status().backingOffFor()).isZero();
		try (CapturedLog log = CapturedLog.info(TcpServer.class.getName())) {
			server.start();
			server.start();
			assertThat(log.messages()).singleElement()
				.asString()
				.contains("Listening on 127.0.0.1:" + port(server) + " (test)", "SYN queue max", "accept queue",
						"receive buffer", "send buffer", "at most 10 connections");
		}
		assertThat(server.status().protocol()).isEqualTo("test");
		assertThat(server.status().startedAt()).isNotNull();
		assertThat(server.settings()).isNotNull();
		assertThat(server.status().state()).isEqualTo(ServerState.ACCEPTING);
		try (Peer peer = Peer.connect(port(server))) {
			assertThat(peer.send((byte) 7).receive(1)).containsExactly(7);
		}
		server.stop();
		assertThat(server.status().state()).isEqualTo(ServerState.STOPPED);
		assertThat(server.address()).isNull();
		assertThat(server.settings()).isNull();
		server.stop();
	}

	@Test
	void whenStartedAndStoppedFiftyTimesThenNothingLeaks() throws Exception {
		int port = FreePort.find();
		TcpServer server = server(Settings.at("127.0.0.1", port), 10, NONE, NONE, TcpServerTests::echo);
		int files = 0;
		for (int i = 0; i < 50; i++) {
			server.start();
			try (Peer peer = Peer.connect(port)) {
				assertThat(peer.send((byte) i).receive(1)).containsExactly(i);
			}
			Awaitility.await().pollInterval(Duration.ofMillis(2)).until(() -> this.registry.active() == 0);
			server.stop();
			if (i == 4) {
				files = Footprint.openFiles();
			}
		}
		assertThat(Footprint.openFiles()).isLessThan(files + 10);
		Awaitility.await().until(() -> threads().stream().noneMatch((name) -> name.startsWith("tcp-")));
		try (ServerSocket again = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
			assertThat(again.isBound()).isTrue();
		}
		assertThat(this.registry.totals().closed(CloseReason.END_OF_STREAM)).isEqualTo(50);
	}

	private static List<String> threads() {
		return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
	}

	@Test
	void whenThePortIsInUseThenStartFailsAndTheServerCanStartLater() throws Exception {
		TcpServer server;
		try (ServerSocket occupied = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
			server = server(Settings.at("127.0.0.1", occupied.getLocalPort()), 10, NONE, NONE, TcpServerTests::echo);
			assertThatExceptionOfType(TcpBindException.class).isThrownBy(server::start);
			assertThat(server.status().state()).isEqualTo(ServerState.STOPPED);
		}
		server.start();
		assertThat(server.status().state()).isEqualTo(ServerState.ACCEPTING);
	}

	@Test
	void whenTheLimitIsOneThenTheSecondClientWaitsAndIsServed() throws Exception {
		TcpServer server = server(1, NONE, NONE);
		server.start();
		try (Peer first = Peer.connect(port(server)); Peer second = Peer.connect(port(server))) {
			assertThat(first.send((byte) 1).receive(1)).containsExactly(1);
			second.send((byte) 2);
			Awaitility.await().until(() -> server.status().state(), (state) -> state == ServerState.FULL);
			second.timeout(300);
			assertThatExceptionOfType(java.net.SocketTimeoutException.class).isThrownBy(() -> second.receive(1));
			assertThat(this.registry.active()).isEqualTo(1);
			first.endStream();
			assertThat(first.receiveToEnd()).isEmpty();
			second.timeout(10_000);
			assertThat(second.receive(1)).containsExactly(2);
			assertThat(this.registry.totals().accepted()).isEqualTo(2);
		}
	}

	@ParameterizedTest
	@EnumSource
	void whenThreadsAreChosenThenConnectionsAreServedOnThem(ConnectionThreads threads) throws Exception {
		CompletableFuture<Thread> servedOn = new CompletableFuture<>();
		TcpServer server = Settings.server(Settings.LISTENER, Settings.SOCKETS,
				new ServingSettings(10, threads, NONE, NONE, NONE, NONE, NONE), (connection) -> {
					servedOn.complete(Thread.currentThread());
				}, this.registry, new FakeDiagnostics());
		this.server = server;
		server.start();
		try (Peer peer = Peer.connect(port(server))) {
			assertThat(peer.endStream().receiveToEnd()).isEmpty();
		}
		Thread thread = servedOn.get(5, TimeUnit.SECONDS);
		assertThat(thread.isVirtual()).isEqualTo(threads != ConnectionThreads.PLATFORM);
		assertThat(thread.getName()).isEqualTo("connection-1");
	}

	@Test
	void whenAHandlerFailsThenItsPlaceIsFreeAgain() throws Exception {
		TcpServer server = server(Settings.LISTENER, 1, NONE, NONE, (connection) -> {
			throw new IllegalStateException("a bug");
		});
		try (CapturedLog log = CapturedLog.info(ConnectionRunner.class.getName())) {
			server.start();
			for (int i = 0; i < 3; i++) {
				try (Peer peer = Peer.connect(port(server))) {
					assertThat(peer.endStream().receiveToEnd()).isEmpty();
				}
			}
			Awaitility.await().until(() -> this.registry.totals().closed(CloseReason.HANDLER_ERROR) == 3);
			// One in ten seconds
			assertThat(log.messages()).hasSize(1);
		}
		assertThat(server.status().failure()).isNull();
	}

	@Test
	void whenTheKernelsLimitsAreNotKnownThenItStarts() throws Exception {
		TcpServer server = new TcpServer(
				new ServerSettings(Settings.LISTENER, Settings.SOCKETS, Settings.serving(10, NONE, NONE),
						AdmissionRules.NONE),
				new ServedProtocol("test", ProtocolSource.BUILT_IN, TcpServerTests::echo, List.of(), (_) -> ""),
				this.registry, new ProcReader(Path.of("/nowhere"))::readLimits, new FakeDiagnostics());
		this.server = server;
		server.start();
		try (Peer peer = Peer.connect(port(server))) {
			assertThat(peer.send((byte) 7).receive(1)).containsExactly(7);
		}
		assertThat(Objects.requireNonNull(server.settings()).backlog().source()).isEqualTo(Source.UNAVAILABLE);
	}

	@Test
	void whenSocketSettingsAreGivenThenAcceptedSocketsHaveThem() throws Exception {
		SocketStatistics.assumeAvailable();
		SocketSettings sockets = new SocketSettings(60_000, true,
				new SocketSettings.KeepAlive(Duration.ofSeconds(77), Duration.ofSeconds(7), 3));
		ListenerSettings listener = new ListenerSettings("127.0.0.1", 0, 5, 50_000, true, false);
		TcpServer server = Settings.server(listener, sockets, Settings.serving(10, NONE, NONE), TcpServerTests::echo,
				this.registry, new FakeDiagnostics());
		this.server = server;
		server.start();
		EffectiveSettings settings = Objects.requireNonNull(server.settings());
		try (Peer peer = Peer.connect(port(server))) {
			peer.send((byte) 1).receive(1);
			SocketStatistics statistics = SocketStatistics.connection(port(server), peer.port());
			assertThat(statistics.memory("rb")).isEqualTo(settings.receiveBuffer().setting().effective())
				.isEqualTo(100_000);
			assertThat(statistics.memory("tb")).isEqualTo(settings.sendBuffer().setting().effective())
				.isEqualTo(120_000);
			assertThat(statistics.text()).containsPattern("timer:\\(keepalive,(1min1[0-9]|7[0-9])");
			var channel = this.registry.connections().iterator().next().channel();
			assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isTrue();
			assertThat(channel.getOption(jdk.net.ExtendedSocketOptions.TCP_KEEPINTERVAL)).isEqualTo(7);
			assertThat(channel.getOption(jdk.net.ExtendedSocketOptions.TCP_KEEPCOUNT)).isEqualTo(3);
		}
		assertThat(SocketStatistics.listener(port(server)).sendQueue()).isEqualTo(settings.backlog().effective())
			.isEqualTo(5);
	}

	@Test
	void whenSocketSettingsAreOffThenAcceptedSocketsDoWithout() throws Exception {
		TcpServer server = Settings.server(Settings.LISTENER, new SocketSettings(null, false, null),
				Settings.serving(10, NONE, NONE), TcpServerTests::echo, this.registry, new FakeDiagnostics());
		this.server = server;
		server.start();
		try (Peer peer = Peer.connect(port(server))) {
			peer.send((byte) 1).receive(1);
			var channel = this.registry.connections().iterator().next().channel();
			assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isFalse();
			assertThat(channel.getOption(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
		}
	}

	@Test
	void whenNoBacklogIsAskedForThenItIsSomaxconn() throws Exception {
		SocketStatistics.assumeAvailable();
		Path somaxconn = Path.of("/proc/sys/net/core/somaxconn");
		assumeThat(somaxconn).as("net.core.somaxconn is not to be read").isReadable();
		TcpServer server = server(10, NONE, NONE);
		server.start();
		assertThat(SocketStatistics.listener(port(server)).sendQueue())
			.isEqualTo(Long.parseLong(Files.readAllLines(somaxconn).getFirst().strip()));
	}

	@Test
	void whenAtDebugThenConnectedAndBufferSizesAreLogged() throws Exception {
		TcpServer server = server(10, NONE, NONE);
		server.start();
		try (CapturedLog log = CapturedLog.debug(AcceptedSockets.class.getName());
				Peer peer = Peer.connect(port(server))) {
			peer.send((byte) 1).receive(1);
			EffectiveSettings settings = Objects.requireNonNull(server.settings());
			assertThat(log.messages()).hasSize(3);
			assertThat(log.messages().get(0)).isEqualTo("connected by 127.0.0.1:" + peer.port());
			assertThat(log.messages().get(1))
				.matches("recv buffer size: \\d+ \\(max=%d\\)".formatted(settings.receiveBuffer().setting().maximum()));
			assertThat(log.messages().get(2))
				.matches("send buffer size: \\d+ \\(max=%d\\)".formatted(settings.sendBuffer().setting().maximum()));
		}
	}

	@Test
	void whenStoppedThenQuietOnesAreDrainedBusyOnesServedAndStuckOnesCut() throws Exception {
		// An exchange is two bytes
		TcpServer server = server(Settings.LISTENER, 10, NONE, Duration.ofSeconds(6), TcpServerTests::echoPairs);
		server.start();
		try (Peer quiet = Peer.connect(port(server));
				Peer busy = Peer.connect(port(server));
				Peer stuck = Peer.connect(port(server))) {
			quiet.send((byte) 1, (byte) 2).receive(2);
			busy.send((byte) 1).receive(1);
			stuck.send((byte) 1).receive(1);
			long begin = System.nanoTime();
			Thread stopping = Thread.ofPlatform().start(server::stop);
			assertThat(quiet.receiveToEnd()).isEmpty();
			quiet.endStream();
			assertThat(server.status().state()).isEqualTo(ServerState.DRAINING);
			// In the midst of an exchange, and two more without a pause
			busy.send((byte) 2).receive(1);
			busy.send((byte) 3, (byte) 4).receive(2);
			assertThat(busy.receiveToEnd()).isEmpty();
			busy.endStream();
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(5900));
			assertThat(stuck.receiveToEnd()).isEmpty();
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofMillis(5900),
					Duration.ofSeconds(9));
			stuck.endStream();
			Awaitility.await().until(() -> !stopping.isAlive());
			assertThat(this.registry.totals().closed(CloseReason.DRAINED)).isEqualTo(2);
			assertThat(this.registry.totals().closed(CloseReason.DRAIN_TIMEOUT)).isEqualTo(1);
			assertThat(this.registry.active()).isZero();
		}
	}

	@Test
	void whenABusyPeerNeverPausesThenItIsServedToTheEndOfTheGracePeriod() throws Exception {
		TcpServer server = server(10, NONE, Duration.ofMillis(2500));
		server.start();
		try (Peer busy = Peer.connect(port(server))) {
			busy.send((byte) 1).receive(1);
			long begin = System.nanoTime();
			Thread stopping = Thread.ofPlatform().start(server::stop);
			int exchanges = 0;
			while (busy.send((byte) 1).receive(1).length == 1) {
				exchanges++;
			}
			assertThat(exchanges).isGreaterThan(10);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofMillis(2500),
					Duration.ofSeconds(6));
			busy.endStream();
			Awaitility.await().until(() -> !stopping.isAlive());
			assertThat(this.registry.totals().closed(CloseReason.DRAIN_TIMEOUT)).isEqualTo(1);
		}
	}

	@Test
	void whenAPeerNeverEndsThenStopReturnsAllTheSame() throws Exception {
		TcpServer server = server(Settings.LISTENER, 10, NONE, Duration.ofMillis(100), TcpServerTests::echoPairs);
		server.start();
		try (Peer silent = Peer.connect(port(server))) {
			silent.send((byte) 1).receive(1);
			Stopwatch watch = Stopwatch.start();
			long begin = System.nanoTime();
			server.stop();
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofSeconds(1),
					Duration.ofSeconds(3).plus(watch.stalled()));
			// A machine that stands still leaves it less time than it has to be read on
			Awaitility.await().until(() -> this.registry.totals().closed(CloseReason.DRAIN_TIMEOUT) == 1);
			assertThat(this.registry.active()).isZero();
		}
	}

	@Test
	void whenStoppedThenWhatWaitsInTheQueueIsServed() throws Exception {
		TcpServer server = server(100, NONE, Duration.ofSeconds(10));
		server.start();
		List<Peer> peers = new ArrayList<>();
		try {
			Thread stopping = Thread.ofPlatform().unstarted(server::stop);
			for (int i = 0; i < 30; i++) {
				peers.add(Peer.connect(port(server)).send((byte) i));
			}
			stopping.start();
			for (int i = 0; i < 30; i++) {
				assertThat(peers.get(i).receive(1)).containsExactly(i);
				assertThat(peers.get(i).endStream().receiveToEnd()).isEmpty();
			}
			Awaitility.await().until(() -> !stopping.isAlive());
			assertThat(this.registry.totals().closed(CloseReason.END_OF_STREAM)
					+ this.registry.totals().closed(CloseReason.DRAINED))
				.isEqualTo(30);
		}
		finally {
			for (Peer peer : peers) {
				peer.close();
			}
		}
	}

	@Test
	void whenThereIsADrainDelayThenNewcomersAreServedUntilItIsOver() throws Exception {
		TcpServer server = server(10, Duration.ofMillis(1500), Duration.ofSeconds(5));
		server.start();
		int port = port(server);
		Thread stopping = Thread.ofPlatform().start(server::stop);
		Awaitility.await()
			.pollInterval(Duration.ofMillis(5))
			.until(() -> server.status().state(), (state) -> state == ServerState.DRAINING);
		try (Peer newcomer = Peer.connect(port)) {
			assertThat(newcomer.send((byte) 5).receive(1)).containsExactly(5);
			assertThat(newcomer.endStream().receiveToEnd()).isEmpty();
		}
		Awaitility.await().until(() -> !stopping.isAlive());
		assertThatExceptionOfType(java.net.ConnectException.class).isThrownBy(() -> Peer.connect(port).close());
	}

	@Test
	void whenStopIsInterruptedThenConnectionsAreCutAndTheInterruptIsKept() throws Exception {
		TcpServer server = server(Settings.LISTENER, 10, NONE, Duration.ofMinutes(10), TcpServerTests::echoPairs);
		server.start();
		CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
		try (Peer stuck = Peer.connect(port(server))) {
			stuck.send((byte) 1).receive(1);
			Thread stopping = Thread.ofPlatform().start(() -> {
				server.stop();
				interrupted.complete(Thread.currentThread().isInterrupted());
			});
			Awaitility.await().until(() -> server.status().state(), (state) -> state == ServerState.DRAINING);
			stopping.interrupt();
			assertThat(stuck.receiveToEnd()).isEmpty();
			assertThat(interrupted.get(20, TimeUnit.SECONDS)).isTrue();
			assertThat(server.status().state()).isEqualTo(ServerState.STOPPED);
		}
	}

	@Test
	void whenTheLifecycleStartsThenTheEventTellsOfAListeningServer() {
		TcpServer server = server(10, NONE, NONE);
		List<Object> events = new ArrayList<>();
		TcpServerLifecycle lifecycle = new TcpServerLifecycle(server, (event) -> {
			assertThat(server.status().state()).isEqualTo(ServerState.ACCEPTING);
			events.add(event);
		});
		assertThat(lifecycle.isRunning()).isFalse();
		assertThat(lifecycle.isPauseable()).isFalse();
		assertThat(lifecycle.isAutoStartup()).isTrue();
		lifecycle.start();
		assertThat(lifecycle.isRunning()).isTrue();
		assertThat(events).singleElement().isInstanceOf(TcpServerLifecycle.TcpServerStartedEvent.class);
		lifecycle.stop();
		assertThat(lifecycle.isRunning()).isFalse();
		assertThat(server.status().state()).isEqualTo(ServerState.STOPPED);
	}

	private TcpServer server(int maxConnections, Duration delay, Duration gracePeriod) {
		return server(Settings.LISTENER, maxConnections, delay, gracePeriod, TcpServerTests::echo);
	}

	private TcpServer server(ListenerSettings listener, int maxConnections, Duration delay, Duration gracePeriod,
			ConnectionHandler handler) {
		TcpServer created = Settings.server(listener, Settings.SOCKETS,
				Settings.serving(maxConnections, delay, gracePeriod), handler, this.registry, new FakeDiagnostics());
		this.server = created;
		return created;
	}

	private static int port(TcpServer server) {
		return Objects.requireNonNull(server.address()).getPort();
	}

	private static void echo(ClientConnection connection) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocate(8192);
		while (connection.read(buffer.clear()) >= 0) {
			connection.write(buffer.flip());
		}
	}

	private static void echoPairs(ClientConnection connection) throws IOException {
		ByteBuffer one = ByteBuffer.allocate(1);
		while (connection.read(one.clear()) >= 0) {
			connection.exchangeBegins();
			connection.write(one.flip());
			if (connection.read(one.clear()) < 0) {
				throw new EOFException();
			}
			connection.write(one.flip());
			connection.exchangeDone();
		}
	}

}
