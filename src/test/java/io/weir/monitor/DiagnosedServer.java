package io.weir.monitor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import org.jspecify.annotations.Nullable;

import io.weir.api.ClientConnection;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.Layer;
import io.weir.kernel.NetworkNamespace;
import io.weir.kernel.ProcReader;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketDiagnosticsFactory;
import io.weir.monitor.RecordedConnection.Sample;
import io.weir.server.AdmissionRules;
import io.weir.server.ConnectionThreads;
import io.weir.server.ListenerSettings;
import io.weir.server.ProtocolSource;
import io.weir.server.ServedProtocol;
import io.weir.server.ServerSettings;
import io.weir.server.ServingSettings;
import io.weir.server.SocketSettings;
import io.weir.server.TcpServer;
import io.weir.tls.ServerTls;

/**
 * A server in a network of its own, with samples of its connections and all that was ever
 * said of them.
 */
final class DiagnosedServer implements AutoCloseable {

	static final Duration INTERVAL = Duration.ofMillis(200);

	private final ConnectionRegistry registry = new ConnectionRegistry();

	private final SocketDiagnostics diagnostics;

	private final TcpServer server;

	private final Diagnoses diagnoses;

	private final ConnectionSampler sampler;

	private final Map<Connection, Set<Cause>> said = new ConcurrentHashMap<>();

	// -Dweir.record=<file> appends what recorded_samples.csv is made of
	private static final @Nullable String RECORD = System.getProperty("weir.record");

	private final Map<Connection, List<Sample>> samples = new ConcurrentHashMap<>();

	/**
	 * Starts a server.
	 * @param network where it is
	 * @param threads what serves its connections
	 * @param tls null without TLS
	 * @param buffer the size of both buffers; null leaves them to the kernel
	 */
	DiagnosedServer(NetworkNamespace network, ConnectionThreads threads, @Nullable ServerTls tls,
			@Nullable Integer buffer) throws Exception {
		this.diagnostics = network.call(() -> new SocketDiagnosticsFactory().open());
		List<Layer> layers = (tls != null) ? List
			.of(new Layer(tls, tls.handshakeTimeout(), CloseReason.HANDSHAKE_FAILED, CloseReason.HANDSHAKE_TIMEOUT))
				: List.of();
		ProcReader kernel = new ProcReader();
		this.server = new TcpServer(
				new ServerSettings(new ListenerSettings("0.0.0.0", 0, null, buffer, true, false),
						new SocketSettings(buffer, true, null),
						new ServingSettings(100, threads, Duration.ofMinutes(5), Duration.ofSeconds(30), Duration.ZERO,
								Duration.ZERO, Duration.ZERO),
						AdmissionRules.NONE),
				new ServedProtocol("test", ProtocolSource.BUILT_IN, DiagnosedServer::serve, layers, (_) -> ""),
				this.registry, kernel::readLimits, this.diagnostics);
		this.diagnoses = new Diagnoses(this.server, kernel::readLimits, INTERVAL);
		this.sampler = new ConnectionSampler(this.server, this.registry, this.diagnostics, INTERVAL, this.diagnoses);
		this.sampler.addListener(this::listen);
		// Their threads are in the network, too
		network.call(() -> {
			this.server.start();
			this.sampler.start();
			return null;
		});
	}

	/**
	 * The first byte says what to do: "s" sends without end, "t" does 100 bytes at a
	 * time, "p" 1.6 MB/s, "d" discards, "c" computes and does not read, anything else is
	 * echoed.
	 */
	private static void serve(ClientConnection connection) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocateDirect(8192);
		connection.read(buffer.limit(1));
		byte what = buffer.get(0);
		while (what == 's') {
			connection.write(buffer.clear());
		}
		while (what == 't') {
			connection.write(buffer.clear().limit(100));
		}
		while (what == 'p') {
			connection.write(buffer.clear());
			compute(5);
		}
		while (what == 'c') {
			compute(100);
		}
		while (connection.read(buffer.clear()) >= 0) {
			if (what != 'd') {
				connection.write(buffer.flip());
			}
		}
	}

	// As a handler that waits for a database
	private static void compute(int millis) throws IOException {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
	}

	private void listen() {
		for (Connection connection : this.registry.connections()) {
			Set<Cause> causes = this.said.computeIfAbsent(connection, (key) -> EnumSet.noneOf(Cause.class));
			Diagnosis diagnosis = this.diagnoses.of(connection);
			if (diagnosis != null) {
				synchronized (causes) {
					causes.add(diagnosis.cause());
				}
			}
			if (RECORD != null) {
				this.diagnostics.sample(connection.socketKey(),
						(sample) -> this.samples.computeIfAbsent(connection, (key) -> new CopyOnWriteArrayList<>())
							.add(Sample.of(System.nanoTime() / 1_000_000 % 1_000_000, connection, sample)));
			}
		}
	}

	int port() {
		return Objects.requireNonNull(this.server.address()).getPort();
	}

	InetSocketAddress at(String address) {
		return new InetSocketAddress(address, port());
	}

	private Optional<Connection> from(int port) {
		return this.said.keySet().stream().filter((connection) -> connection.peer().getPort() == port).findFirst();
	}

	@Nullable Diagnosis diagnosis(int port) {
		return from(port).map(this.diagnoses::of).orElse(null);
	}

	@Nullable Diagnosis last(int port) {
		return from(port).map(this.diagnoses::last).orElse(null);
	}

	/**
	 * All causes that were ever told of the connection from a port.
	 */
	Set<Cause> said(int port) {
		Set<Cause> causes = from(port).map(this.said::get).orElse(EnumSet.noneOf(Cause.class));
		synchronized (causes) {
			return EnumSet.copyOf(causes);
		}
	}

	/**
	 * Records what was sampled of the connection from a port, if that is asked for.
	 */
	void record(int port, String name) throws IOException {
		List<Sample> own = from(port).map(this.samples::get).orElse(null);
		if (RECORD != null && own != null) {
			Diagnosis diagnosis = last(port);
			Files.write(Path.of(RECORD),
					new RecordedConnection(name, (diagnosis != null) ? diagnosis.cause() : null, own).lines(),
					StandardOpenOption.CREATE, StandardOpenOption.APPEND);
		}
	}

	void stop() {
		this.server.stop();
	}

	@Override
	public void close() {
		this.sampler.close();
		stop();
		this.diagnostics.close();
	}

}
