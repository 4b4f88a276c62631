package io.weir.server;

import java.io.IOException;
import java.net.SocketException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;

import ch.qos.logback.classic.Level;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mockito.MockedStatic;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import io.weir.Bystander;
import io.weir.NoRecords;
import io.weir.Opened;
import io.weir.CapturedLog;
import io.weir.FakeDiagnostics;
import io.weir.Peer;
import io.weir.actuate.MeterRefresher;
import io.weir.actuate.TcpServerHealthIndicator;
import io.weir.actuate.TcpServerMetrics;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.monitor.BusiestAddress;
import io.weir.monitor.Diagnoses;
import io.weir.monitor.Findings;
import io.weir.monitor.ForeignPeers;
import io.weir.monitor.ListenerFigures;
import io.weir.monitor.OpenConnections;
import io.weir.monitor.ServerMonitor;
import io.weir.protocol.Protocol;
import io.weir.struct.StructFormat;
import io.weir.transport.AddressPrefixes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.Mockito.doNothing;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;
import static org.mockito.Mockito.mockStatic;

/**
 * A running server whose accept(2) fails, as it is seen by health and meters. The
 * failures are put in: no kernel was short of files or memory here.
 */
class AcceptFaultTests {

	private final ConcurrentLinkedQueue<Exception> failures = new ConcurrentLinkedQueue<>();

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private final FakeDiagnostics diagnostics = new FakeDiagnostics();

	private final ProcReader kernel = new ProcReader();

	private final MeterRegistry meters = new SimpleMeterRegistry();

	// Held, as a meter holds it weakly
	private @Nullable ServerMonitor monitor;

	@AutoClose
	private final Opened opened = new Opened();

	@AfterEach
	void failNoMore() {
		this.failures.clear();
	}

	private TcpServer start(int maxConnections, SocketSettings sockets) {
		TcpServer server = new TcpServer(
				new ServerSettings(Settings.LISTENER, sockets,
						Settings.serving(maxConnections, Duration.ZERO, Duration.ZERO), AdmissionRules.NONE),
				new ServedProtocol("echo", ProtocolSource.BUILT_IN,
						Protocol.ECHO.handler(1024, StructFormat.parse("B")), List.of(), (_) -> ""),
				this.registry, this.kernel::readLimits, this.diagnostics);
		ListeningSocket real = ListeningSocket.open(Settings.LISTENER, Settings.SOCKETS, 100);
		ListeningSocket failing = new ListeningSocket(new FailingChannel(real.channel(), this.failures, () -> {
		}), real.address(), sockets, false);
		try (MockedStatic<ListeningSocket> opening = mockStatic(ListeningSocket.class)) {
			opening.when(() -> ListeningSocket.open(any(), any(), anyInt())).thenReturn(failing);
			server.start();
		}
		this.opened.later(server::stop);
		this.monitor = monitor(server);
		new TcpServerMetrics(this.monitor, new MeterRefresher()).bindTo(this.meters);
		return server;
	}

	private Peer connect(TcpServer server) throws IOException {
		return this.opened.later(Peer.connect(Objects.requireNonNull(server.address()).getPort()));
	}

	private Bystander bystander(TcpServer server) throws IOException {
		Bystander bystander = this.opened.later(Bystander.echoing(connect(server)));
		Awaitility.await().until(() -> bystander.exchanges() > 0);
		return bystander;
	}

	private ServerMonitor monitor(TcpServer server) {
		ListenerFigures listener = new ListenerFigures(server, this.diagnostics, this.kernel);
		return new ServerMonitor(server, this.registry, listener, this.kernel,
				new Findings(server, listener, this.kernel, () -> null, 0, 0,
						new BusiestAddress(this.registry, 100, AddressPrefixes.NONE), new ForeignPeers("echo", false),
						this.registry, diagnoses(server), NoRecords.create()),
				diagnoses(server), NoRecords.create());
	}

	private Diagnoses diagnoses(TcpServer server) {
		return new Diagnoses(server, this.kernel::limits, Duration.ofSeconds(1));
	}

	private TcpServerHealthIndicator indicator(TcpServer server) {
		return new TcpServerHealthIndicator(monitor(server),
				new OpenConnections(server, this.registry, this.diagnostics, false, diagnoses(server)), 10, true);
	}

	private static Health health(TcpServerHealthIndicator indicator) {
		return Objects.requireNonNull(indicator.health());
	}

	@Test
	void whenTheAcceptLoopFailsThenHealthIsDownWithTheCauseUntilItIsStartedAgain() throws Exception {
		TcpServer server = start(100, Settings.SOCKETS);
		TcpServerHealthIndicator indicator = indicator(server);
		bystander(server);
		assertThat(health(indicator).getStatus()).isEqualTo(Status.UP);
		try (CapturedLog log = CapturedLog.info(AcceptLoop.class.getName())) {
			this.failures.add(new IllegalStateException("a bug"));
			// The loop is in accept(2), and fails the next time
			assertThat(connect(server).send((byte) 1).receive(1)).containsExactly(1);
			Health down = Awaitility.await()
				.pollInterval(Duration.ofMillis(5))
				.until(() -> health(indicator), (health) -> health.getStatus().equals(Status.DOWN));
			assertThat(down.getDetails()).containsEntry("state", "failed");
			assertThat(down.getDetails().get("error")).asString().contains("accept loop failed", "a bug");
			Peer waiting = connect(server).send((byte) 2);
			Awaitility.await().until(() -> health(indicator), (health) -> health.getStatus().equals(Status.UP));
			assertThat(waiting.receive(1)).containsExactly(2);
			assertThat(health(indicator).getDetails()).containsEntry("state", "accepting").doesNotContainKey("error");
			assertThat(log.events()).singleElement()
				.satisfies((event) -> assertThat(event.getLevel()).isEqualTo(Level.ERROR));
		}
	}

	@ParameterizedTest
	@CsvSource({ "EMFILE, Too many open files", "ENFILE, Too many open files in system",
			"ENOMEM, Cannot allocate memory", "ENOMEM, No buffer space available", "other, Software caused" })
	void whenAcceptFailsForWantOfSomethingThenItBacksOffCountsAndRecovers(String error, String message)
			throws Exception {
		TcpServer server = start(100, Settings.SOCKETS);
		TcpServerHealthIndicator indicator = indicator(server);
		bystander(server);
		// Until all has been looked at
		int many = 10_000;
		for (int i = 0; i < many; i++) {
			this.failures.add(new IOException(message));
		}
		int tries = many;
		try (CapturedLog log = CapturedLog.info(AcceptLoop.class.getName())) {
			assertThat(connect(server).send((byte) 1).receive(1)).containsExactly(1);
			Awaitility.await()
				.pollInterval(Duration.ofMillis(5))
				.until(() -> server.status().state(), (state) -> state == ServerState.BACKING_OFF);
			assertThat(state("backing_off")).isEqualTo(1);
			assertThat(health(indicator).getDetails()).containsEntry("state", "backing_off");
			assertThat(health(indicator).getStatus()).isEqualTo(Status.UP);
			while (this.failures.poll() != null) {
				tries--;
			}
			assertThat(connect(server).send((byte) 2).receive(1)).containsExactly(2);
			assertThat(server.status().state()).isEqualTo(ServerState.ACCEPTING);
			assertThat(state("backing_off")).isZero();
			assertThat(server.status().backingOffFor()).isZero();
			assertThat(log.events()).singleElement().satisfies((event) -> {
				assertThat(event.getLevel()).isEqualTo(Level.WARN);
				assertThat(event.getFormattedMessage()).contains(error + ": " + message, "What to do");
				assertThat(event.getThrowableProxy()).isNull();
			});
		}
		for (AcceptError kind : AcceptError.values()) {
			assertThat(this.meters.get("tcp.server.accept.errors").tag("error", kind.text()).functionCounter().count())
				.as(kind.text())
				.isEqualTo(kind.text().equals(error) ? tries : 0);
		}
	}

	private double state(String state) {
		return this.meters.get("tcp.server.state").tag("state", state).gauge().value();
	}

	@Test
	void whenAnOptionIsRefusedThenTheConnectionIsClosedAndItsPermitGivenBack() throws Exception {
		SocketSettings refused = mock(SocketSettings.class);
		when(refused.sendBufferSize()).thenReturn(null);
		doNothing().doThrow(new SocketException("Invalid argument")).when(refused).applyTo(any(SocketChannel.class));
		// One place, and one for the other client
		TcpServer server = start(2, refused);
		Bystander other = bystander(server);
		for (int i = 0; i < 3; i++) {
			// Each gets in
			assertThat(connect(server).receiveToEnd()).isEmpty();
		}
		Awaitility.await().until(() -> this.registry.active() == 1);
		other.awaitServed();
		Awaitility.await()
			.untilAsserted(() -> assertThat(this.meters.get("tcp.server.rejected.connections")
				.tag("reason", "socket_option")
				.functionCounter()
				.count()).isEqualTo(3));
		Awaitility.await().until(() -> server.status().state(), (state) -> state == ServerState.ACCEPTING);
	}

}
