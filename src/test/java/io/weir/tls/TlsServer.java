package io.weir.tls;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.Map;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

import io.weir.Certificates;
import io.weir.FakeDiagnostics;
import io.weir.OpenSslClient;
import io.weir.TlsClient;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.api.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.Layer;
import io.weir.kernel.ProcReader;
import io.weir.protocol.Protocol;
import io.weir.protocol.Recipe;
import io.weir.server.AdmissionRules;
import io.weir.server.ProtocolSource;
import io.weir.server.ConnectionThreads;
import io.weir.server.ListenerSettings;
import io.weir.server.ServedProtocol;
import io.weir.server.ServerSettings;
import io.weir.server.ServingSettings;
import io.weir.server.SocketSettings;
import io.weir.server.TcpServer;

/**
 * A server with TLS on a free port, and clients for it.
 */
final class TlsServer implements AutoCloseable {

	final ConnectionRegistry registry = new ConnectionRegistry();

	final ServerTls tls;

	final TcpServer server;

	private final Certificates certificates;

	private final Map<Integer, CloseReason> ends = new ConcurrentHashMap<>();

	TlsServer(Certificates certificates, Protocol protocol, ClientAuth clientAuth, Duration handshakeTimeout,
			Duration idleTimeout) throws IOException {
		this(certificates, protocol.handler(1024, Recipe.FORMAT), clientAuth, handshakeTimeout, idleTimeout);
	}

	TlsServer(Certificates certificates, ConnectionHandler handler, ClientAuth clientAuth, Duration handshakeTimeout,
			Duration idleTimeout) throws IOException {
		this(certificates, handler, clientAuth, handshakeTimeout, idleTimeout, Duration.ZERO);
	}

	TlsServer(Certificates certificates, ConnectionHandler handler, ClientAuth clientAuth, Duration handshakeTimeout,
			Duration idleTimeout, Duration gracePeriod) throws IOException {
		this(certificates, handler, clientAuth, handshakeTimeout, idleTimeout, Duration.ZERO, gracePeriod);
	}

	TlsServer(Certificates certificates, ConnectionHandler handler, ClientAuth clientAuth, Duration handshakeTimeout,
			Duration idleTimeout, Duration maxAge, Duration gracePeriod) throws IOException {
		this(certificates, handler, clientAuth, handshakeTimeout, idleTimeout, maxAge, gracePeriod,
				ConnectionThreads.AUTO);
	}

	TlsServer(Certificates certificates, ConnectionHandler handler, ClientAuth clientAuth, Duration handshakeTimeout,
			Duration idleTimeout, Duration maxAge, Duration gracePeriod, ConnectionThreads threads) throws IOException {
		this.certificates = certificates;
		this.tls = new ServerTls("test", clientAuth, handshakeTimeout, material(certificates, "server", "server"));
		ServerSettings settings = new ServerSettings(new ListenerSettings("127.0.0.1", 0, null, null, true, false),
				new SocketSettings(null, true, null), new ServingSettings(100, threads, idleTimeout,
						Duration.ofSeconds(30), maxAge, Duration.ZERO, gracePeriod),
				AdmissionRules.NONE);
		Layer layer = new Layer(this.tls, handshakeTimeout, CloseReason.HANDSHAKE_FAILED,
				CloseReason.HANDSHAKE_TIMEOUT);
		this.server = new TcpServer(settings,
				new ServedProtocol("test", ProtocolSource.BUILT_IN, handler, List.of(layer), (_) -> ""), this.registry,
				new ProcReader()::readLimits, new FakeDiagnostics());
		this.registry.addListener((connection, reason) -> this.ends.put(connection.peer().getPort(), reason));
		this.server.start();
	}

	TlsServer(Certificates certificates, ClientAuth clientAuth) throws IOException {
		this(certificates, Protocol.ECHO, clientAuth, Duration.ofSeconds(10), Duration.ofMinutes(5));
	}

	static TlsMaterial material(Certificates certificates, String certificate, String key) {
		return new TlsMaterial(TlsClient
			.bundle(certificates.file(certificate + ".pem"), certificates.file(key + ".key"),
					certificates.file("ca.pem"))
			.createSslContext(), null, null);
	}

	int port() {
		return Objects.requireNonNull(this.server.address()).getPort();
	}

	OpenSslClient openSsl(String... arguments) throws IOException {
		return new OpenSslClient(port(), this.certificates, arguments);
	}

	/**
	 * The JDK's client.
	 * @param name of the client's own certificate; null for none
	 * @param protocols none for the JDK's own
	 */
	SSLSocket jdk(@Nullable String name, String... protocols) throws IOException {
		return new TlsClient(this.certificates, name).connect(port(), protocols);
	}

	SSLSocket jdkOver(Socket plain, String... protocols) throws IOException {
		return new TlsClient(this.certificates, null).over(plain, protocols);
	}

	List<Connection> connections() {
		return List.copyOf(this.registry.connections());
	}

	Connection only() {
		Awaitility.await().pollInterval(Duration.ofMillis(5)).until(() -> this.registry.active() == 1);
		return connections().getFirst();
	}

	/**
	 * Waits until a client's connection has ended.
	 */
	CloseReason reason(Socket client) {
		return reason(client.getLocalPort());
	}

	CloseReason reason(int peerPort) {
		Awaitility.await().pollInterval(Duration.ofMillis(5)).until(() -> this.ends.containsKey(peerPort));
		return Objects.requireNonNull(this.ends.get(peerPort));
	}

	/**
	 * Waits until the only connection there ever was has ended.
	 */
	CloseReason reason() {
		Awaitility.await().pollInterval(Duration.ofMillis(5)).until(() -> !this.ends.isEmpty());
		return this.ends.values().iterator().next();
	}

	long closed(CloseReason reason) {
		return this.registry.totals().closed(reason);
	}

	@Override
	public void close() {
		this.server.stop();
	}

}
