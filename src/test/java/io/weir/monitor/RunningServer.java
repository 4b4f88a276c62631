package io.weir.monitor;

import io.weir.transport.PooledConnection;
import io.weir.server.ProtocolSource;
import io.weir.server.ServerSettings;
import io.weir.server.ServedProtocol;
import io.weir.api.ClientConnection;
import java.util.List;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

import io.weir.FakeDiagnostics;
import io.weir.NoRecords;
import io.weir.Peer;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.server.AdmissionRules;
import io.weir.server.ConnectionThreads;
import io.weir.server.ListenerSettings;
import io.weir.server.ServingSettings;
import io.weir.server.SocketSettings;
import io.weir.server.SocketSettings.KeepAlive;
import io.weir.server.TcpServer;
import io.weir.tls.TlsStatus;

/**
 * An echo server to look at, on a free port.
 */
public final class RunningServer implements AutoCloseable {

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private final FakeDiagnostics diagnostics = new FakeDiagnostics();

	private final ProcReader kernel;

	private final TcpServer server;

	private final ListenerFigures listener;

	private final ServerMonitor monitor;

	public RunningServer(@Nullable Integer backlog, @Nullable Integer buffer, int maxConnections, ProcReader kernel) {
		this(backlog, new SocketSettings(buffer, true, null), maxConnections, Duration.ZERO, Duration.ZERO,
				Duration.ofSeconds(30), kernel);
	}

	public RunningServer(KeepAlive keepAlive, Duration idleTimeout, ProcReader kernel) {
		this(null, new SocketSettings(null, true, keepAlive), 10, idleTimeout, Duration.ZERO, Duration.ofSeconds(30),
				kernel);
	}

	public RunningServer(int maxConnections, Duration drainDelay, Duration gracePeriod) {
		this(null, new SocketSettings(null, true, null), maxConnections, Duration.ZERO, drainDelay, gracePeriod,
				new ProcReader());
	}

	public RunningServer(int maxConnections, AdmissionRules admission, ProcReader kernel) {
		this(null, new SocketSettings(null, true, null), maxConnections, Duration.ZERO, Duration.ZERO,
				Duration.ofSeconds(30), admission, kernel);
	}

	private RunningServer(@Nullable Integer backlog, SocketSettings sockets, int maxConnections, Duration idleTimeout,
			Duration drainDelay, Duration gracePeriod, ProcReader kernel) {
		this(backlog, sockets, maxConnections, idleTimeout, drainDelay, gracePeriod, AdmissionRules.NONE, kernel);
	}

	private RunningServer(@Nullable Integer backlog, SocketSettings sockets, int maxConnections, Duration idleTimeout,
			Duration drainDelay, Duration gracePeriod, AdmissionRules admission, ProcReader kernel) {
		ServerSettings settings = new ServerSettings(
				new ListenerSettings("127.0.0.1", 0, backlog, sockets.sendBufferSize(), true, false), sockets,
				new ServingSettings(maxConnections, ConnectionThreads.AUTO, idleTimeout, Duration.ZERO, Duration.ZERO,
						drainDelay, gracePeriod),
				admission);
		this.server = new TcpServer(settings,
				new ServedProtocol("echo", ProtocolSource.BUILT_IN, RunningServer::echo, List.of(), (_) -> ""),
				this.registry, kernel::readLimits, this.diagnostics);
		this.kernel = kernel;
		this.listener = new ListenerFigures(this.server, this.diagnostics, kernel);
		this.monitor = new ServerMonitor(this.server, this.registry, this.listener, kernel, findings(), diagnoses(),
				NoRecords.create());
	}

	public RunningServer(int maxConnections) {
		this(null, null, maxConnections, new ProcReader());
	}

	public RunningServer start() {
		this.server.start();
		return this;
	}

	public TcpServer server() {
		return this.server;
	}

	public FakeDiagnostics diagnostics() {
		return this.diagnostics;
	}

	public Findings findings() {
		return findings(System::nanoTime);
	}

	public Findings findings(LongSupplier nanoTime) {
		return findings(nanoTime, List.of());
	}

	Findings findings(LongSupplier nanoTime, List<Evidence.Rule> more) {
		return new Findings(this.server, this.listener, this.kernel, () -> null, more, nanoTime);
	}

	Findings findings(Supplier<@Nullable TlsStatus> tls, List<Evidence.Rule> more) {
		return new Findings(this.server, this.listener, this.kernel, tls, more, System::nanoTime);
	}

	public ListenerFigures listener() {
		return this.listener;
	}

	public ServerMonitor monitor() {
		return this.monitor;
	}

	public OpenConnections connections() {
		return new OpenConnections(this.server, this.registry, this.diagnostics, false, diagnoses());
	}

	public Diagnoses diagnoses() {
		return new Diagnoses(this.server, this.kernel::limits, Duration.ofSeconds(1));
	}

	public ConnectionRegistry registry() {
		return this.registry;
	}

	public Peer connect() throws IOException {
		return Peer.connect(Objects.requireNonNull(this.server.address()).getPort());
	}

	public void awaitActive(int count) {
		Awaitility.await()
			.pollDelay(Duration.ZERO)
			.pollInterval(Duration.ofMillis(2))
			.until(() -> this.registry.active() == count);
	}

	/**
	 * "p" ends inside a record, "r" is a record; all is echoed.
	 */
	private static void echo(ClientConnection connection) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocate(8192);
		while (connection.read(buffer.clear()) >= 0) {
			if (buffer.get(0) == 'p') {
				connection.read(buffer.clear());
				throw new EOFException();
			}
			if (buffer.get(0) == 'r') {
				((PooledConnection) connection).recordUnpacked();
			}
			connection.write(buffer.flip());
		}
	}

	// An interrupted stop does not wait
	@Override
	public void close() {
		Thread stopping = Thread.ofPlatform().start(this.server::stop);
		stopping.interrupt();
		Awaitility.await().until(() -> !stopping.isAlive());
	}

}
