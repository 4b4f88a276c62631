package io.weir.monitor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

import io.weir.FakeDiagnostics;
import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.server.ConnectionThreads;
import io.weir.server.ListenerSettings;
import io.weir.server.ServingSettings;
import io.weir.server.SocketSettings;
import io.weir.server.SocketSettings.KeepAlive;
import io.weir.server.TcpServer;

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
		this(backlog, new SocketSettings(buffer, true, null), maxConnections, Duration.ZERO, kernel);
	}

	public RunningServer(KeepAlive keepAlive, Duration idleTimeout, ProcReader kernel) {
		this(null, new SocketSettings(null, true, keepAlive), 10, idleTimeout, kernel);
	}

	private RunningServer(@Nullable Integer backlog, SocketSettings sockets, int maxConnections, Duration idleTimeout,
			ProcReader kernel) {
		this.server = new TcpServer(
				new ListenerSettings("127.0.0.1", 0, backlog, sockets.sendBufferSize(), true, false), sockets,
				new ServingSettings(maxConnections, ConnectionThreads.AUTO, idleTimeout, Duration.ZERO, Duration.ZERO,
						Duration.ofSeconds(30)),
				"echo", RunningServer::echo, this.registry, kernel::readLimits, this.diagnostics, null);
		this.kernel = kernel;
		this.listener = new ListenerFigures(this.server, this.diagnostics);
		this.monitor = new ServerMonitor(this.server, this.registry, this.listener, kernel, findings());
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
		return new Findings(this.server, this.listener, this.kernel, nanoTime);
	}

	public ServerMonitor monitor() {
		return this.monitor;
	}

	public OpenConnections connections() {
		return new OpenConnections(this.server, this.registry, this.diagnostics, false);
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
	 * A pass of a record or not: "p" ends inside a record, all else is echoed.
	 */
	private static CloseReason echo(Connection connection) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocate(8192);
		while (connection.readNext(buffer.clear()) >= 0) {
			if (buffer.get(0) == 'p') {
				return CloseReason.PARTIAL_RECORD;
			}
			if (buffer.get(0) == 'r') {
				connection.countRecord();
			}
			connection.write(buffer.flip());
		}
		return CloseReason.END_OF_STREAM;
	}

	// An interrupted stop does not wait
	@Override
	public void close() {
		Thread stopping = Thread.ofPlatform().start(this.server::stop);
		stopping.interrupt();
		Awaitility.await().until(() -> !stopping.isAlive());
	}

}
