package io.weir.server;

import java.time.Duration;
import java.util.List;

import io.weir.api.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.kernel.SocketDiagnostics;

/**
 * Settings to start from.
 */
final class Settings {

	static final ListenerSettings LISTENER = new ListenerSettings("127.0.0.1", 0, null, null, true, false);

	static final SocketSettings SOCKETS = new SocketSettings(null, true, null);

	private Settings() {
	}

	static ListenerSettings at(String host, int port) {
		return new ListenerSettings(host, port, null, null, true, false);
	}

	static ServingSettings serving(int maxConnections, Duration delay, Duration gracePeriod) {
		return new ServingSettings(maxConnections, ConnectionThreads.AUTO, Duration.ofMinutes(5),
				Duration.ofSeconds(30), Duration.ZERO, delay, gracePeriod);
	}

	/**
	 * A server without TLS, not started, that reads the real kernel's limits.
	 */
	static TcpServer server(ListenerSettings listener, SocketSettings sockets, ServingSettings serving,
			ConnectionHandler handler, ConnectionRegistry registry, SocketDiagnostics diagnostics) {
		return server(listener, sockets, serving, AdmissionRules.NONE, handler, registry, diagnostics);
	}

	static TcpServer server(ListenerSettings listener, SocketSettings sockets, ServingSettings serving,
			AdmissionRules admission, ConnectionHandler handler, ConnectionRegistry registry,
			SocketDiagnostics diagnostics) {
		return new TcpServer(new ServerSettings(listener, sockets, serving, admission),
				new ServedProtocol("test", ProtocolSource.BUILT_IN, handler, List.of(), (_) -> ""), registry,
				new ProcReader()::readLimits, diagnostics);
	}

}
