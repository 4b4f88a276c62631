package io.weir.actuate;

import io.weir.FakeDiagnostics;
import java.util.function.LongSupplier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

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
final class RunningServer implements AutoCloseable {

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private final FakeDiagnostics diagnostics = new FakeDiagnostics();

	private final ProcReader kernel;

	private final TcpServer server;

	RunningServer(@Nullable Integer backlog, @Nullable Integer buffer, int maxConnections, ProcReader kernel) {
		this(backlog, new SocketSettings(buffer, true, null), maxConnections, Duration.ZERO, kernel);
	}

	RunningServer(KeepAlive keepAlive, Duration idleTimeout, ProcReader kernel) {
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
	}

	RunningServer(int maxConnections) {
		this(null, null, maxConnections, new ProcReader());
	}

	RunningServer start() {
		this.server.start();
		return this;
	}

	TcpServer server() {
		return this.server;
	}

	FakeDiagnostics diagnostics() {
		return this.diagnostics;
	}

	Findings findings() {
		return findings(System::nanoTime);
	}

	Findings findings(LongSupplier nanoTime) {
		return new Findings(this.server, new ListenerFigures(this.server, this.diagnostics), this.kernel, nanoTime);
	}

	ConnectionRegistry registry() {
		return this.registry;
	}

	Peer connect() throws IOException {
		return Peer.connect(Objects.requireNonNull(this.server.address()).getPort());
	}

	void awaitActive(int count) {
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
