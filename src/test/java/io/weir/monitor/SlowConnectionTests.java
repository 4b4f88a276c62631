package io.weir.monitor;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.weir.Certificates;
import io.weir.Command;
import io.weir.Opened;
import io.weir.TlsClient;
import io.weir.kernel.NetworkNamespace;
import io.weir.server.ConnectionThreads;
import io.weir.tls.ClientAuth;
import io.weir.tls.ServerTls;
import io.weir.tls.TlsMaterial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Why connections are slow, by the kernel, on real networks of each kind: the server in a
 * network of its own, its clients in another. Plain and with TLS. And what is not slow.
 */
class SlowConnectionTests {

	// Long enough for two windows
	private static final Duration OBSERVED = Duration.ofSeconds(7);

	// A late sample restarts all windows
	private static final Duration LONG = Duration.ofSeconds(30);

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@AutoClose
	private final Opened opened = new Opened();

	private final List<DiagnosedServer> servers = new ArrayList<>();

	@SuppressWarnings("NullAway.Init")
	private NetworkNamespace here;

	@SuppressWarnings("NullAway.Init")
	private NetworkNamespace there;

	@SuppressWarnings("NullAway.Init")
	private TlsClient tlsClient;

	@SuppressWarnings("NullAway.Init")
	private ServerTls tls;

	@BeforeEach
	void network() throws Exception {
		Certificates certificates = new Certificates(this.directory).issue("server", 30);
		this.tlsClient = new TlsClient(certificates, null);
		this.tls = new ServerTls("test", ClientAuth.NONE, Duration.ofSeconds(10),
				new TlsMaterial(TlsClient
					.bundle(certificates.file("server.pem"), certificates.file("server.key"),
							certificates.file("ca.pem"))
					.createSslContext(), null, null));
		this.here = this.opened.later(new NetworkNamespace());
		this.there = this.opened.later(new NetworkNamespace());
		this.here.connect(this.there);
	}

	// One without TLS, one with
	private void start(@Nullable Integer buffer) throws Exception {
		start(ConnectionThreads.PLATFORM, buffer);
	}

	private void start(ConnectionThreads threads, @Nullable Integer buffer) throws Exception {
		this.servers.add(this.opened.later(new DiagnosedServer(this.here, threads, null, buffer)));
		this.servers.add(this.opened.later(new DiagnosedServer(this.here, threads, this.tls, buffer)));
	}

	private static void needs(String... command) throws InterruptedException {
		assumeTrue(Command.succeeds(command), () -> String.join(" ", command) + " can't be run");
	}

	private Client connect(DiagnosedServer server, NetworkNamespace from, @Nullable String source, String target,
			int receiveBuffer, char what, int more) throws Exception {
		Socket socket = from.call(() -> {
			Socket plain = new Socket();
			if (receiveBuffer > 0) {
				plain.setReceiveBufferSize(receiveBuffer);
			}
			if (source != null) {
				plain.bind(new InetSocketAddress(InetAddress.ofLiteral(source), 0));
			}
			plain.setTcpNoDelay(true);
			plain.connect(server.at(target), 10_000);
			return plain;
		});
		if (server == this.servers.get(1)) {
			SSLSocket secured = this.tlsClient.over(socket);
			secured.startHandshake();
			socket = secured;
		}
		Client client = this.opened.later(new Client(server, socket, what));
		byte[] first = new byte[1 + more];
		first[0] = (byte) what;
		socket.getOutputStream().write(first);
		return client;
	}

	private Client connect(DiagnosedServer server, NetworkNamespace from, @Nullable String source, String target,
			int receiveBuffer, char what) throws Exception {
		return connect(server, from, source, target, receiveBuffer, what, 0);
	}

	private Client connect(DiagnosedServer server, char what) throws Exception {
		return connect(server, this.there, null, "10.99.99.1", 0, what);
	}

	private static void await(Client client, Cause cause) {
		Awaitility.await(cause.text())
			.atMost(LONG)
			.pollInterval(Duration.ofMillis(50))
			.untilAsserted(() -> assertThat(client.diagnosis()).as(client::toString)
				.isNotNull()
				.extracting(Diagnosis::cause)
				.isEqualTo(cause));
	}

	private static void observe(ThrowingRunnable whatHolds) {
		Awaitility.await("while it is observed")
			.during(OBSERVED)
			.atMost(OBSERVED.plusSeconds(20))
			.untilAsserted(whatHolds);
	}

	private static void assertNothingSaid(List<Client> clients) {
		assertThat(clients).allSatisfy((client) -> assertThat(client.said()).as(client::toString).isEmpty());
	}

	@Test
	void slowReadersAndBusyHandlersAreNamedAndCalmOnesAreNot() throws Exception {
		start(null);
		List<Client> calm = new ArrayList<>();
		List<Client> slow = new ArrayList<>();
		List<Client> unread = new ArrayList<>();
		for (DiagnosedServer server : this.servers) {
			slow.add(connect(server, this.there, null, "10.99.99.1", 4096, 's')
				.run((in, out) -> readSlowly(in, 1_000, 50)));
			// Again and again: what came with the first byte may be in the TLS buffer
			unread.add(connect(server, 'c').run((in, out) -> upload(out, 512, 100)));
			calm.add(connect(server, 'e').named("idle"));
			calm.add(connect(server, 'e').named("chat").run((in, out) -> chat(in, out, 64, 10)));
			calm.add(connect(server, 'e').named("slow chat").run((in, out) -> chat(in, out, 64, 300)));
			calm.add(connect(server, 'e').named("bursts").run((in, out) -> chat(in, out, 8_000, 300)));
			calm.add(connect(server, 'd').named("upload").run((in, out) -> upload(out, 10_000, 10)));
			calm.add(connect(server, 'e').named("short"));
			Thread.sleep(200);
			calm.getLast().end();
		}
		slow.forEach((client) -> await(client, Cause.PEER_READS_SLOWLY));
		unread.forEach((client) -> await(client, Cause.SERVER_READS_SLOWLY));
		observe(() -> assertNothingSaid(calm));
		slow.forEach((client) -> await(client, Cause.PEER_READS_SLOWLY));
		unread.forEach((client) -> await(client, Cause.SERVER_READS_SLOWLY));
		assertThat(slow).allSatisfy((client) -> assertThat(client.said()).containsExactly(Cause.PEER_READS_SLOWLY));
		assertThat(unread).allSatisfy((client) -> assertThat(client.said()).containsExactly(Cause.SERVER_READS_SLOWLY));
		// The drain cuts some
		List<Thread> stops = this.servers.stream().map((server) -> Thread.ofPlatform().start(server::stop)).toList();
		for (Thread stop : stops) {
			stop.join();
		}
		assertNothingSaid(calm);
		assertThat(slow).allSatisfy((client) -> assertThat(client.last()).isNotNull()
			.extracting(Diagnosis::cause)
			.isEqualTo(Cause.PEER_READS_SLOWLY));
		assertThat(calm).allSatisfy((client) -> assertThat(client.last()).as(client::toString).isNull());
	}

	// The test above has platform threads
	@ParameterizedTest
	@EnumSource(value = ConnectionThreads.class, names = { "AUTO", "VIRTUAL" })
	void onThreadsOfEachKindTheSameIsNamed(ConnectionThreads threads) throws Exception {
		start(threads, null);
		List<Client> calm = new ArrayList<>();
		List<Client> slow = new ArrayList<>();
		List<Client> unread = new ArrayList<>();
		for (DiagnosedServer server : this.servers) {
			slow.add(connect(server, this.there, null, "10.99.99.1", 4096, 's').named("reads slowly")
				.run((in, out) -> readSlowly(in, 1_000, 50)));
			slow.add(connect(server, this.there, null, "10.99.99.1", 4096, 's').named("reads nothing"));
			unread.add(connect(server, this.there, null, "10.99.99.1", 0, 'c', 1_000).named("is not read"));
			calm.add(connect(server, 'e').named("idle"));
			calm.add(connect(server, 'e').named("chat").run((in, out) -> chat(in, out, 64, 10)));
		}
		slow.forEach((client) -> await(client, Cause.PEER_READS_SLOWLY));
		unread.forEach((client) -> await(client, Cause.SERVER_READS_SLOWLY));
		await(unread.getFirst(), (diagnosis) -> assertThat(diagnosis.evidence())
			.startsWith("1000 bytes wait in the receive queue (Recv-Q), and "));
		// All of it came in one record, with the byte that the handler has read
		await(unread.getLast(), (diagnosis) -> assertThat(diagnosis.evidence()).startsWith(
				"0 bytes wait in the receive queue (Recv-Q) and 1000 above it, in the layer of TLS or PROXY, "));
		observe(() -> assertNothingSaid(calm));
		assertThat(slow).allSatisfy(
				(client) -> assertThat(client.said()).as(client::toString).containsExactly(Cause.PEER_READS_SLOWLY));
		assertThat(unread).allSatisfy(
				(client) -> assertThat(client.said()).as(client::toString).containsExactly(Cause.SERVER_READS_SLOWLY));
		assertNothingSaid(calm);
	}

	private static void await(Client client, Consumer<Diagnosis> what) {
		Awaitility.await()
			.atMost(LONG)
			.untilAsserted(() -> assertThat(client.diagnosis()).as(client::toString).isNotNull().satisfies(what));
	}

	@Test
	void healthyStreamsAreNotSlow() throws Exception {
		start(null);
		List<Client> streams = new ArrayList<>();
		DiagnosedServer plain = this.servers.getFirst();
		streams.add(connect(plain, 's').named("veth").run((in, out) -> read(in)));
		streams.add(connect(plain, this.here, null, "127.0.0.1", 0, 's').named("loopback").run((in, out) -> read(in)));
		for (DiagnosedServer server : this.servers) {
			// At full speed a client with TLS may well be slower than the server
			streams.add(connect(server, 'p').named("veth, paced").run((in, out) -> read(in)));
			streams.add(connect(server, 'd').named("veth up").run((in, out) -> upload(out, 65_536, 1)));
		}
		observe(() -> assertNothingSaid(streams));
	}

	@Test
	void aPathThatLosesPacketsAndAPeerThatVanishesAreNamed() throws Exception {
		needs("nft", "--version");
		start(null);
		for (int loss : List.of(5, 30, 200, 999)) {
			this.there.run("ip address add 10.99.99.%d/24 dev weir1".formatted(100 + loss / 10));
		}
		this.there.run("nft add table ip weir");
		this.there.run("nft add chain ip weir in { type filter hook input priority 0 ; }");
		List<Client> few = new ArrayList<>();
		List<Client> lossy = new ArrayList<>();
		List<Client> vanished = new ArrayList<>();
		for (DiagnosedServer server : this.servers) {
			few.add(connect(server, this.there, "10.99.99.100", "10.99.99.1", 0, 's').named("0.5 %")
				.run((in, out) -> read(in)));
			lossy.add(connect(server, this.there, "10.99.99.103", "10.99.99.1", 0, 's').named("3 %")
				.run((in, out) -> read(in)));
			lossy.add(connect(server, this.there, "10.99.99.120", "10.99.99.1", 0, 's').named("20 %")
				.run((in, out) -> read(in)));
			lossy.add(connect(server, this.there, "10.99.99.120", "10.99.99.1", 0, 'e').named("20 % chat")
				.run((in, out) -> chat(in, out, 64, 10)));
			vanished.add(connect(server, this.there, "10.99.99.199", "10.99.99.1", 0, 's').named("vanished")
				.run((in, out) -> read(in)));
			vanished.add(connect(server, this.there, "10.99.99.199", "10.99.99.1", 0, 'e').named("vanished chat")
				.run((in, out) -> chat(in, out, 64, 10)));
		}
		for (int loss : List.of(5, 30, 200, 999)) {
			this.there.run("nft add rule ip weir in ip daddr 10.99.99.%d numgen random mod 1000 < %d drop"
				.formatted(100 + loss / 10, loss));
		}
		vanished.forEach((client) -> await(client, Cause.PEER_UNREACHABLE));
		lossy.forEach((client) -> await(client, Cause.PATH_LOSES_PACKETS));
		observe(() -> assertThat(few).allSatisfy(
				(client) -> assertThat(client.said()).as(client::toString).doesNotContain(Cause.PATH_LOSES_PACKETS)));
	}

	@Test
	void aSlowLinkIsNamed() throws Exception {
		needs("tc", "-V");
		start(null);
		this.here.run("tc qdisc add dev weir0 root tbf rate 20mbit burst 32k latency 300ms");
		List<Client> streams = new ArrayList<>();
		for (DiagnosedServer server : this.servers) {
			streams.add(connect(server, 's').run((in, out) -> read(in)));
		}
		streams.forEach((client) -> await(client, Cause.PATH_IS_SLOW));
	}

	private void connectWithDelay(int millis) throws Exception {
		needs("python3", "--version");
		Path script = Path.of(Objects.requireNonNull(getClass().getResource("delay_relay.py")).toURI());
		String file = this.there.file().toString();
		Process relay = this.here
			.call(() -> new ProcessBuilder("python3", script.toString(), "weir2", file, Integer.toString(millis))
				.redirectError(ProcessBuilder.Redirect.INHERIT)
				.start());
		this.opened.later(() -> {
			relay.getOutputStream().close();
			assertThat(relay.waitFor(10, TimeUnit.SECONDS)).isTrue();
		});
		assumeTrue("ready".equals(relay.inputReader().readLine()), "no tun device can be made");
		this.here.run("ip address add 10.99.98.1 peer 10.99.98.2 dev weir2");
		this.here.run("ip link set weir2 up");
		this.there.run("ip address add 10.99.98.2 peer 10.99.98.1 dev weir2");
		this.there.run("ip link set weir2 up");
	}

	@Test
	void buffersThatAreTooSmallForTheDelayAreNamed() throws Exception {
		connectWithDelay(10);
		start(8192);
		List<Client> down = new ArrayList<>();
		List<Client> up = new ArrayList<>();
		List<Client> calm = new ArrayList<>();
		for (DiagnosedServer server : this.servers) {
			down.add(connect(server, this.there, null, "10.99.98.1", 0, 's').named("down, fixed")
				.run((in, out) -> read(in)));
			// Each write leaves at once: the kernel's clock sndbuf_limited stands still
			down.add(connect(server, this.there, null, "10.99.98.1", 0, 't').named("small ones down, fixed")
				.run((in, out) -> read(in)));
			up.add(connect(server, this.there, null, "10.99.98.1", 0, 'd').named("up, fixed")
				.run((in, out) -> upload(out, 65_536, 0)));
			calm.add(connect(server, this.there, null, "10.99.98.1", 0, 'e').named("chat far away, fixed")
				.run((in, out) -> chat(in, out, 64, 10)));
		}
		down.forEach((client) -> await(client, Cause.SEND_BUFFER_TOO_SMALL));
		up.forEach((client) -> await(client, Cause.RECEIVE_BUFFER_TOO_SMALL));
		observe(() -> assertNothingSaid(calm));
	}

	@Test
	void aSendBufferThatTheKernelMayNotEnlargeIsNamed() throws Exception {
		connectWithDelay(10);
		this.here.run("sysctl -q -w net.ipv4.tcp_wmem=4096\t16384\t16384");
		start(null);
		List<Client> streams = new ArrayList<>();
		for (DiagnosedServer server : this.servers) {
			streams.add(connect(server, this.there, null, "10.99.98.1", 0, 's').named("down, capped")
				.run((in, out) -> read(in)));
		}
		streams.forEach((client) -> await(client, Cause.SEND_BUFFER_TOO_SMALL));
		await(streams.getFirst(), (diagnosis) -> assertThat(diagnosis.remedy()).contains("tcp_wmem, 16384 now"));
	}

	private static void readSlowly(InputStream in, int bytes, int pauseMillis) throws Exception {
		while (in.readNBytes(bytes).length > 0) {
			Thread.sleep(pauseMillis);
		}
	}

	private static void read(InputStream in) throws IOException {
		byte[] bytes = new byte[65_536];
		while (in.read(bytes) >= 0) {
			// As fast as it comes
		}
	}

	private static void chat(InputStream in, OutputStream out, int bytes, int pauseMillis) throws Exception {
		do {
			out.write(new byte[bytes]);
			Thread.sleep(pauseMillis);
		}
		while (in.readNBytes(bytes).length > 0);
	}

	private static void upload(OutputStream out, int bytes, int pauseMillis) throws Exception {
		while (true) {
			out.write(new byte[bytes]);
			if (pauseMillis > 0) {
				Thread.sleep(pauseMillis);
			}
		}
	}

	/**
	 * What a client does until its connection ends.
	 */
	@FunctionalInterface
	private interface Behaviour {

		void run(InputStream in, OutputStream out) throws Exception;

	}

	/**
	 * A client and what is said of its connection.
	 */
	private static final class Client implements AutoCloseable {

		private final DiagnosedServer server;

		private final Socket socket;

		private final int port;

		private final String description;

		private @Nullable Thread thread;

		private String name;

		private Client(DiagnosedServer server, Socket socket, char what) {
			this.server = server;
			this.socket = socket;
			this.port = socket.getLocalPort();
			this.description = (socket instanceof SSLSocket) ? " with TLS" : "";
			this.name = Character.toString(what);
		}

		private Client named(String text) {
			this.name = text;
			return this;
		}

		private Client run(Behaviour behaviour) {
			this.thread = Thread.ofPlatform().daemon().start(() -> {
				try {
					this.socket.setSoTimeout(0);
					behaviour.run(this.socket.getInputStream(), this.socket.getOutputStream());
				}
				catch (Exception ex) {
					// Its end is the test's
				}
			});
			return this;
		}

		private @Nullable Diagnosis diagnosis() {
			return this.server.diagnosis(this.port);
		}

		private @Nullable Diagnosis last() {
			return this.server.last(this.port);
		}

		private Set<Cause> said() {
			return this.server.said(this.port);
		}

		private void end() throws IOException {
			this.socket.close();
		}

		@Override
		public void close() throws IOException {
			this.server.record(this.port, toString());
			this.socket.close();
			if (this.thread != null) {
				this.thread.interrupt();
			}
		}

		@Override
		public String toString() {
			return this.name + this.description;
		}

	}

}
