package io.weir.tls;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import ch.qos.logback.classic.Level;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.CapturedLog;
import io.weir.Certificates;
import io.weir.OpenSslClient;
import io.weir.Peer;
import io.weir.TlsClient;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionState;
import io.weir.connection.SecureSession;
import io.weir.protocol.Protocol;
import io.weir.struct.StructFormat;

import static io.weir.TlsClient.DATA;
import static io.weir.TlsClient.echo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for TLS with real clients: OpenSSL's, the JDK's and Python's.
 */
@Timeout(60)
class TlsServerTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	static Path directory;

	@SuppressWarnings("NullAway.Init")
	private static Certificates certificates;

	@SuppressWarnings("NullAway.Init")
	private static Certificates strangers;

	private @Nullable TlsServer running;

	@BeforeAll
	static void issue() throws IOException {
		certificates = new Certificates(directory).issue("server", 20)
			.issue("other", 5)
			.issue("client", 5)
			.issue("expired", -1);
		Path stranger = Files.createDirectory(directory.resolve("stranger"));
		strangers = new Certificates(stranger).issue("stranger", 5);
		for (String file : List.of("stranger.pem", "stranger.key")) {
			Files.copy(stranger.resolve(file), directory.resolve(file));
		}
	}

	@AfterEach
	void stop() {
		if (this.running != null) {
			this.running.close();
		}
	}

	private TlsServer server(ClientAuth clientAuth) throws IOException {
		TlsServer server = new TlsServer(certificates, clientAuth);
		this.running = server;
		return server;
	}

	private TlsServer server(Protocol protocol, Duration handshakeTimeout, Duration idleTimeout) throws IOException {
		TlsServer server = new TlsServer(certificates, protocol, ClientAuth.NONE, handshakeTimeout, idleTimeout);
		this.running = server;
		return server;
	}

	@ParameterizedTest
	@CsvSource({ "-tls1_3, TLSv1.3, TLS_AES_256_GCM_SHA384",
			"-tls1_2, TLSv1.2, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" })
	void whenOpenSslComesThenItIsServedAndItsEndIsClean(String option, String protocol, String cipherSuite)
			throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (OpenSslClient client = server.openSsl(option, "-servername", "any.example", "-verify_return_error")) {
			client.await("Verify return code: 0 (ok)").send("once more").await("\nonce more");
			assertThat(client.seen()).contains("Compression: NONE")
				.contains(protocol.equals("TLSv1.2") ? "Secure Renegotiation IS supported"
						: "Secure Renegotiation IS NOT supported");
			Connection connection = server.only();
			assertThat(connection.session()).isEqualTo(new SecureSession(protocol, cipherSuite, null));
			assertThat(connection.state()).isEqualTo(ConnectionState.READING);
			assertThat(connection.bytesReceived()).isEqualTo(10);
			Awaitility.await().until(() -> connection.bytesSent() == 10);
			client.end();
			assertThat(server.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(client.output()).contains("DONE");
		}
	}

	@ParameterizedTest
	@CsvSource({ "-tls1_1, DEFAULT@SECLEVEL=0, 70", "-tls1, DEFAULT@SECLEVEL=0, 70",
			"-tls1_2, ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA256@SECLEVEL=0, 40",
			"-tls1_2, AES128-SHA:AES256-GCM-SHA384:ECDHE-ECDSA-NULL-SHA:aNULL@SECLEVEL=0, 40",
			"-tls1_2, ALL:COMPLEMENTOFALL:!AESGCM:!CHACHA20@SECLEVEL=0, 40" })
	void whenTheVersionOrTheCiphersAreWeakThenTheyAreRefusedWithAnAlert(String option, String ciphers, int alert)
			throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (OpenSslClient client = server.openSsl(option, "-cipher", ciphers)) {
			assertThat(client.output()).contains("SSL alert number " + alert);
		}
		assertThat(server.reason()).isEqualTo(CloseReason.HANDSHAKE_FAILED);
		assertThat(server.registry.totals().bytesReceived()).isZero();
	}

	@Test
	void whenTheBundleNamesProtocolsAndCiphersThenOnlyTheseAre() throws Exception {
		SSLContext context = TlsServer.material(certificates, "server", "server").context();
		TlsServer server = server(ClientAuth.NONE);
		server.tls.reload(
				() -> new TlsMaterial(context, List.of("TLSv1.2"), List.of("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")));
		assertThat(server.tls.reloadFailure()).isNull();
		try (SSLSocket client = server.jdk(null)) {
			echo(client);
			assertThat(client.getSession().getCipherSuite()).isEqualTo("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
		}
		try (SSLSocket client = server.jdk(null, "TLSv1.3")) {
			assertThatExceptionOfType(SSLException.class).isThrownBy(client::startHandshake);
		}
	}

	// OpenSSL as it is built today has no SSL 3.0
	@Test
	void whenAPeerOffersSsl3ThenItIsRefusedWithAnAlert() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		ByteBuffer hello = ByteBuffer.allocate(5 + 4 + 41)
			.put((byte) 22)
			.putShort((short) 0x0300)
			.putShort((short) (4 + 41))
			.putInt(1 << 24 | 41)
			.putShort((short) 0x0300)
			.put(new byte[32 + 1])
			.putShort((short) 2)
			// TLS_RSA_WITH_AES_128_CBC_SHA, no compression
			.putShort((short) 0x002f)
			.putShort((short) 0x0100);
		try (Peer peer = Peer.connect(server.port())) {
			byte[] alert = peer.send(hello.array()).receive(7);
			assertThat(alert).startsWith(21).endsWith(2, 70);
			peer.endStream();
			assertThat(server.reason(peer.port())).isEqualTo(CloseReason.HANDSHAKE_FAILED);
		}
	}

	@Test
	void whenTheBundleNamesCiphersThenItsOrderCounts() throws Exception {
		SSLContext context = TlsServer.material(certificates, "server", "server").context();
		TlsServer server = server(ClientAuth.NONE);
		server.tls.reload(() -> new TlsMaterial(context, null, List.of("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
				"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384")));
		try (OpenSslClient older = server.openSsl("-tls1_2", "-cipher",
				"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256");
				OpenSslClient newer = server.openSsl("-tls1_3", "-ciphersuites",
						"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")) {
			older.await("Cipher is ECDHE-ECDSA-AES128-GCM-SHA256");
			newer.await("Cipher is TLS_CHACHA20_POLY1305_SHA256");
		}
	}

	@Test
	void whenOpenSslWantsToRenegotiateThenItIsRefusedAndOthersAreServed() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (OpenSslClient client = server.openSsl("-tls1_2"); SSLSocket other = server.jdk(null)) {
			echo(other);
			client.send("before").await("\nbefore").send("R").await("RENEGOTIATING");
			assertThat(client.output()).doesNotContain("unexpected eof");
			Awaitility.await().until(() -> server.closed(CloseReason.IO_ERROR) == 1);
			echo(other);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "K", "k" })
	void whenOpenSslChangesItsKeyThenTheConnectionGoesOn(String command) throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (OpenSslClient client = server.openSsl("-tls1_3")) {
			client.send("before").await("\nbefore").send(command).await("KEYUPDATE").send("after").await("\nafter");
			assertThat(server.only().bytesReceived()).isEqualTo(13);
		}
	}

	// With a key update an answer is due, which this peer never reads
	@Test
	void whenAPeerAsksForKeysAndDoesNotReadThenTheIdleTimeoutEndsItAndOthersAreServed() throws Exception {
		TlsServer server = server(Protocol.ECHO, Duration.ofSeconds(10), Duration.ofSeconds(1));
		try (Socket plain = TlsClient.plain(server.port(), 4096); SSLSocket client = server.jdkOver(plain, "TLSv1.3")) {
			echo(client);
			Connection connection = server.only();
			connection.channel().setOption(StandardSocketOptions.SO_SNDBUF, 4096);
			AtomicInteger asked = new AtomicInteger();
			Thread asking = Thread.ofVirtual().start(() -> {
				try {
					while (true) {
						client.startHandshake();
						asked.incrementAndGet();
					}
				}
				catch (IOException ex) {
					// The server has closed it
				}
			});
			// The client's own close would wait for its writer
			try (plain) {
				Awaitility.await().until(() -> connection.closeReason() == CloseReason.IDLE_TIMEOUT);
				try (SSLSocket other = server.jdk(null)) {
					echo(other);
				}
				assertThat(server.reason(client)).isEqualTo(CloseReason.IDLE_TIMEOUT);
			}
			assertThat(connection.bytesReceived()).isEqualTo(DATA.length);
			assertThat(asking.join(Duration.ofSeconds(10))).isTrue();
			assertThat(asked.get()).isGreaterThan(100);
		}
	}

	/**
	 * That is all it can show: it says close_notify and ends its side, then reads without
	 * decrypting, until the end or for half a second, and throws away what it reads.
	 * Python's client decrypts it.
	 */
	@Test
	void whenOpenSslEndsItsSideThenTheEchoAndCloseNotifyReachItAndTheEndIsNoReset() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (OpenSslClient client = server.openSsl("-tls1_3", "-quiet", "-no_ign_eof", "-debug")) {
			client.send("before").await("\nbefore").end();
			// Close_notify, which the JDK pads, and the end; -1 would be a reset
			assertThat(client.output()).contains("(8192 bytes => 40 (0x28))", "(8192 bytes => 0)")
				.doesNotContain("=> -1");
			assertThat(server.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(server.registry.totals().bytesSent()).isEqualTo(7);
		}
	}

	@Test
	void whenPythonEndsItsSideOnlyThenItStillGetsAllItsEcho() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		assertThat(python("tls_half_close_client.py", Integer.toString(server.port()),
				certificates.file("ca.pem").toString()))
			.contains("close_notify behind 100000 bytes");
		assertThat(server.reason()).isEqualTo(CloseReason.END_OF_STREAM);
	}

	@ParameterizedTest
	@ValueSource(strings = { "TLSv1_3", "TLSv1_2" })
	void whenPythonRunsTheRecipeThenItIsServedToACleanEnd(String version) throws Exception {
		TlsServer server = server(Protocol.ECHO_RECORD, Duration.ofSeconds(10), Duration.ZERO);
		assertThat(python("tls_recipe_client.py", Integer.toString(server.port()),
				certificates.file("ca.pem").toString(), version))
			.contains("version: " + version.replace('_', '.') + ", recv: b'data\\n'",
					"close_notify: sent and answered");
		assertThat(server.reason()).isEqualTo(CloseReason.END_OF_STREAM);
		assertThat(server.registry.totals().records()).isEqualTo(20);
		assertThat(server.registry.totals().bytesReceived()).isEqualTo(540);
		assertThat(server.registry.totals().bytesSent()).isEqualTo(100);
	}

	private static String python(String script, String... arguments) throws Exception {
		assumeTrue(hasPython(), "python3 is not installed");
		List<String> command = new ArrayList<>(List.of("python3", "src/test/python/" + script));
		command.addAll(List.of(arguments));
		Process python = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(python.waitFor()).as(output).isZero();
		return output;
	}

	private static boolean hasPython() throws InterruptedException {
		try {
			return new ProcessBuilder("python3", "--version").start().waitFor() == 0;
		}
		catch (IOException ex) {
			return false;
		}
	}

	@Test
	void whenAClientEndsItsSideOnlyThenItStillGetsAllItsEcho() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		byte[] bytes = new byte[3_000_000];
		new Random(7).nextBytes(bytes);
		try (SSLSocket client = server.jdk(null, "TLSv1.3")) {
			CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
				try {
					client.getOutputStream().write(bytes);
					client.shutdownOutput();
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			});
			Awaitility.await().until(() -> server.registry.totals().bytesReceived() > 100_000);
			assertThat(client.getInputStream().readAllBytes()).isEqualTo(bytes);
			sent.get(10, TimeUnit.SECONDS);
			assertThat(server.reason(client)).isEqualTo(CloseReason.END_OF_STREAM);
		}
		assertThat(server.registry.totals().bytesSent()).isEqualTo(bytes.length);
	}

	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.3", "TLSv1.2" })
	void whenTheStreamIsCutWithoutCloseNotifyThenItIsNoEnd(String protocol) throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (Socket plain = TlsClient.plain(server.port(), 0); SSLSocket client = server.jdkOver(plain, protocol)) {
			echo(client);
			plain.shutdownOutput();
			assertThat(server.reason(client)).isEqualTo(CloseReason.IO_ERROR);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "-tls1_3", "-tls1_2" })
	void whenTheServerEndsThenOpenSslGetsCloseNotify(String option) throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (OpenSslClient client = server.openSsl(option)) {
			client.send("before").await("\nbefore");
			assertThat(server.only().end(CloseReason.CLOSED_BY_OPERATOR)).isTrue();
			assertThat(client.output()).contains("closed").doesNotContain("unexpected eof", "error:");
			assertThat(server.reason()).isEqualTo(CloseReason.CLOSED_BY_OPERATOR);
		}
	}

	@Test
	void whenTheServerEndsThenWhatStillComesIsReadAndThrownAway() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (SSLSocket client = server.jdk(null, "TLSv1.3")) {
			echo(client);
			Connection connection = server.only();
			connection.end(CloseReason.DRAINED);
			assertThat(client.getInputStream().read()).isEqualTo(-1);
			client.getOutputStream().write(new byte[20_000]);
			Awaitility.await().until(() -> connection.bytesReceived() == DATA.length + 20_000);
			client.shutdownOutput();
			assertThat(server.reason(client)).isEqualTo(CloseReason.DRAINED);
		}
		assertThat(server.registry.totals().bytesUnanswered()).isEqualTo(20_000);
	}

	@Test
	void whenDrainedThenAllGetTheirAnswersAndCloseNotifyAndNoReset() throws Exception {
		TlsServer server = new TlsServer(certificates, Protocol.ECHO.handler(1024, StructFormat.parse("! I 2s Q 2h f")),
				ClientAuth.NONE, Duration.ofSeconds(10), Duration.ZERO, Duration.ofSeconds(20));
		this.running = server;
		try (OpenSslClient newer = server.openSsl("-tls1_3");
				OpenSslClient older = server.openSsl("-tls1_2");
				SSLSocket busy = server.jdk(null, "TLSv1.3")) {
			newer.send("before").await("\nbefore");
			older.send("before").await("\nbefore");
			echo(busy);
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(server.server::stop);
			// Busy for longer than the others, which have ended by then
			while (server.closed(CloseReason.DRAINED) < 2) {
				echo(busy);
				Thread.sleep(20);
			}
			for (OpenSslClient client : List.of(newer, older)) {
				assertThat(client.output()).contains("\nclosed").doesNotContain("unexpected eof", "error:", "errno");
			}
			assertThat(stopped).isNotDone();
			assertThat(busy.getInputStream().read()).isEqualTo(-1);
			// Read and thrown away: a close with unread bytes would be a reset
			for (int i = 0; i < 3; i++) {
				busy.getOutputStream().write(DATA);
				Thread.sleep(20);
			}
			busy.shutdownOutput();
			stopped.get(10, TimeUnit.SECONDS);
			assertThat(server.reason(busy)).isEqualTo(CloseReason.DRAINED);
			assertThat(server.closed(CloseReason.DRAINED)).isEqualTo(3);
			assertThat(server.registry.totals().bytesUnanswered()).isEqualTo(3L * DATA.length);
		}
	}

	@Test
	void whenDrainedThenAHandshakeUnderWayIsNotWaitedForToTheEnd() throws Exception {
		TlsServer server = new TlsServer(certificates, Protocol.ECHO.handler(1024, StructFormat.parse("B")),
				ClientAuth.NONE, Duration.ZERO, Duration.ZERO, Duration.ofSeconds(30));
		this.running = server;
		try (Peer silent = Peer.connect(server.port()); Peer half = Peer.connect(server.port())) {
			half.send((byte) 22, (byte) 3, (byte) 1, (byte) 2, (byte) 0, (byte) 1);
			Awaitility.await().until(() -> server.connections().size() == 2);
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(server.server::stop);
			assertThat(silent.receiveToEnd()).isEmpty();
			silent.endStream();
			stopped.get(15, TimeUnit.SECONDS);
			assertThat(server.reason(silent.port())).isEqualTo(CloseReason.DRAINED);
			assertThat(server.reason(half.port())).isEqualTo(CloseReason.DRAINED);
		}
	}

	@Test
	void whenARecordIsLargerThanAnyMayBeThenItsConnectionEndsAndOthersAreServed() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		byte[] large = ByteBuffer.allocate(25_000).put((byte) 22).putInt(0x03_03_4e_20).array();
		try (Peer early = Peer.connect(server.port())) {
			early.send(large).endStream();
			assertThat(server.reason(early.port())).isEqualTo(CloseReason.HANDSHAKE_FAILED);
		}
		large[0] = 23;
		try (Socket plain = TlsClient.plain(server.port(), 0); SSLSocket client = server.jdkOver(plain)) {
			echo(client);
			plain.getOutputStream().write(large, 0, 100);
			assertThat(server.reason(client)).isEqualTo(CloseReason.IO_ERROR);
		}
		try (SSLSocket other = server.jdk(null)) {
			echo(other);
		}
	}

	@Test
	void whenEndedWhileItsPeerDoesNotReadThenNobodyWaitsAndItIsClosed() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (SSLSocket client = server.jdk(null); SSLSocket other = server.jdk(null)) {
			Thread.ofVirtual().start(() -> {
				try {
					while (true) {
						client.getOutputStream().write(new byte[100_000]);
					}
				}
				catch (IOException ex) {
					// The server has closed it
				}
			});
			Awaitility.await()
				.until(() -> !server.connections().isEmpty()
						&& server.connections().getFirst().writeBlockedFor().compareTo(Duration.ofMillis(200)) > 0);
			long begin = System.nanoTime();
			server.connections().getFirst().end(CloseReason.DRAIN_TIMEOUT);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(500));
			echo(other);
			assertThat(server.reason(client)).isEqualTo(CloseReason.DRAIN_TIMEOUT);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
		}
	}

	@Test
	void whenAPeerSaysNothingThenItIsShownAndClosedInTimeAndOthersAreServed() throws Exception {
		TlsServer server = server(Protocol.ECHO, Duration.ofMillis(800), Duration.ofMillis(300));
		long begin = System.nanoTime();
		try (CapturedLog log = CapturedLog.debug("io.weir.connection");
				Peer silent = Peer.connect(server.port());
				Peer half = Peer.connect(server.port())) {
			// The beginning of a ClientHello
			half.send((byte) 22, (byte) 3, (byte) 1, (byte) 2, (byte) 0, (byte) 1);
			Awaitility.await()
				.until(() -> server.connections().size() == 2 && server.connections()
					.stream()
					.allMatch((connection) -> connection.state() == ConnectionState.HANDSHAKING
							&& connection.session() == null));
			try (SSLSocket other = server.jdk(null)) {
				echo(other);
			}
			// Idle for longer than the idle timeout, which is not for handshakes
			assertThat(silent.receiveToEnd()).isEmpty();
			assertThat(server.reason(silent.port())).isEqualTo(CloseReason.HANDSHAKE_TIMEOUT);
			assertThat(server.reason(half.port())).isEqualTo(CloseReason.HANDSHAKE_TIMEOUT);
			assertThat(log.events()).filteredOn((event) -> event.getFormattedMessage().contains("handshake_timeout"))
				.hasSize(2)
				.allSatisfy((event) -> {
					assertThat(event.getLevel()).isEqualTo(Level.DEBUG);
					assertThat(event.getThrowableProxy()).isNull();
				})
				.anySatisfy((event) -> assertThat(event.getFormattedMessage())
					.isEqualTo("127.0.0.1:" + silent.port() + ": handshake_timeout (ended by the server)"));
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofMillis(800),
					Duration.ofSeconds(4));
		}
	}

	@Test
	void whenAConnectionIsIdleAfterItsHandshakeThenItEndsWithCloseNotify() throws Exception {
		TlsServer server = server(Protocol.ECHO, Duration.ZERO, Duration.ofMillis(500));
		try (Peer silent = Peer.connect(server.port()); OpenSslClient client = server.openSsl("-tls1_3")) {
			assertThat(client.output()).contains("closed").doesNotContain("unexpected eof");
			assertThat(server.reason()).isEqualTo(CloseReason.IDLE_TIMEOUT);
			// Zero is never
			assertThat(server.only().state()).isEqualTo(ConnectionState.HANDSHAKING);
			assertThat(server.only().peer().getPort()).isEqualTo(silent.port());
		}
	}

	@Test
	void whenAPeerDoesNotSpeakTlsThenItIsClosedAndCountedWithoutAStackTrace() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		Random random = new Random(11);
		try (CapturedLog log = CapturedLog.debug("io.weir.connection"); SSLSocket other = server.jdk(null)) {
			echo(other);
			int count = 50;
			for (int i = 0; i < count; i++) {
				byte[] bytes = (i == 0)
						? "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII)
						: new byte[1 + random.nextInt(40_000)];
				if (i > 0) {
					random.nextBytes(bytes);
				}
				if (i % 2 == 1) {
					// Looks like a handshake record
					byte[] header = { 22, 3, 3 };
					System.arraycopy(header, 0, bytes, 0, Math.min(header.length, bytes.length));
				}
				try (Peer peer = Peer.connect(server.port())) {
					peer.send(bytes).endStream();
					// An alert at the most; no reset, which may destroy it
					assertThat(peer.receiveToEnd().length).isLessThanOrEqualTo(20);
					assertThat(server.reason(peer.port())).isEqualTo(CloseReason.HANDSHAKE_FAILED);
				}
				echo(other);
			}
			assertThat(server.closed(CloseReason.HANDSHAKE_FAILED)).isEqualTo(count);
			assertThat(log.events()).allSatisfy((event) -> {
				assertThat(event.getLevel()).isEqualTo(Level.DEBUG);
				assertThat(event.getThrowableProxy()).isNull();
			});
			assertThat(log.messages()).filteredOn((message) -> message.contains("handshake_failed")).hasSize(count);
		}
		assertThat(server.registry.totals().bytesReceived()).isEqualTo(51L * DATA.length);
	}

	@Test
	void whenAClientMustShowACertificateThenItsSubjectIsKnown() throws Exception {
		TlsServer server = server(ClientAuth.NEED);
		try (SSLSocket client = server.jdk("client")) {
			echo(client);
			SecureSession session = Objects.requireNonNull(server.only().session());
			assertThat(session.peerSubject()).isEqualTo("CN=client");
		}
	}

	@ParameterizedTest
	@CsvSource({ "NEED, ", "NEED, stranger", "NEED, expired", "WANT, stranger", "WANT, expired" })
	void whenItsCertificateIsMissingUntrustedOrExpiredThenTheClientIsRefused(ClientAuth clientAuth,
			@Nullable String name) throws Exception {
		TlsServer server = server(clientAuth);
		String[] own = (name != null) ? new String[] { "-cert", certificates.file(name + ".pem").toString(), "-key",
				certificates.file(name + ".key").toString() } : new String[0];
		try (OpenSslClient client = server.openSsl(own)) {
			assertThat(client.output()).contains("SSL alert number");
			assertThat(server.reason()).isEqualTo(CloseReason.HANDSHAKE_FAILED);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "-tls1_3", "-tls1_2" })
	void whenAClientDoesNotTrustTheServerThenThatIsCountedAndOthersAreServed(String option) throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (CapturedLog log = CapturedLog.debug("io.weir.connection");
				SSLSocket other = server.jdk(null);
				OpenSslClient client = new OpenSslClient(server.port(), strangers, option, "-verify_return_error")) {
			echo(other);
			assertThat(client.output()).contains("certificate verify failed");
			Awaitility.await().until(() -> server.closed(CloseReason.HANDSHAKE_FAILED) == 1);
			assertThat(log.messages()).filteredOn((message) -> message.contains("handshake_failed"))
				.singleElement()
				.asString()
				.contains("unknown_ca");
			echo(other);
		}
		assertThat(server.registry.totals().bytesReceived()).isEqualTo(2L * DATA.length);
	}

	@ParameterizedTest
	@EnumSource(names = { "NONE", "WANT" })
	void whenACertificateIsNotNeededThenAClientWithoutOneIsServed(ClientAuth clientAuth) throws Exception {
		TlsServer server = server(clientAuth);
		try (SSLSocket client = server.jdk(null)) {
			echo(client);
		}
	}

	@Test
	void whenReloadedThenNewConnectionsGetTheNewCertificateAndOldOnesLiveOn() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		assertThat(server.tls.certificate().subject()).isEqualTo("CN=server");
		try (SSLSocket old = server.jdk(null)) {
			echo(old);
			server.tls.reload(() -> TlsServer.material(certificates, "other", "other"));
			assertThat(server.tls.certificate().subject()).isEqualTo("CN=other");
			try (SSLSocket client = server.jdk(null)) {
				echo(client);
				assertThat(TlsClient.subject(client)).isEqualTo("CN=other");
			}
			echo(old);
		}
	}

	@Test
	void whenReloadedWhileClientsConnectThenNoneFailsAndEachGetsTheCertificateOfItsTime() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		AtomicInteger reloads = new AtomicInteger();
		AtomicInteger begun = new AtomicInteger();
		AtomicInteger served = new AtomicInteger();
		List<CompletableFuture<Void>> clients = new ArrayList<>();
		try (SSLSocket newer = server.jdk(null, "TLSv1.3"); SSLSocket older = server.jdk(null, "TLSv1.2")) {
			for (String protocol : List.of("TLSv1.3", "TLSv1.3", "TLSv1.2")) {
				clients.add(CompletableFuture.runAsync(() -> {
					while (reloads.get() < 10) {
						int earliest = reloads.get();
						String subject = subject(server, protocol);
						int latest = begun.get();
						assertThat(subject).isIn(IntStream.rangeClosed(earliest, latest)
							.mapToObj((reload) -> (reload % 2 == 0) ? "CN=server" : "CN=other")
							.toList());
						served.incrementAndGet();
					}
				}));
			}
			while (reloads.get() < 10) {
				int before = served.get();
				Awaitility.await()
					.pollInterval(Duration.ofMillis(5))
					.until(() -> served.get() > before + 5
							|| clients.stream().anyMatch(CompletableFuture::isCompletedExceptionally));
				String next = (begun.incrementAndGet() % 2 == 0) ? "server" : "other";
				server.tls.reload(() -> TlsServer.material(certificates, next, next));
				reloads.incrementAndGet();
				echo(newer);
				echo(older);
			}
			for (CompletableFuture<Void> client : clients) {
				client.get(10, TimeUnit.SECONDS);
			}
		}
		assertThat(server.closed(CloseReason.HANDSHAKE_FAILED)).isZero();
	}

	private static String subject(TlsServer server, String protocol) {
		try (SSLSocket client = server.jdk(null, protocol)) {
			echo(client);
			return TlsClient.subject(client);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Test
	void whenReloadedWithAKeyThatDoesNotFitThenTheOldCertificateStaysAndItIsSaid() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (CapturedLog log = CapturedLog.info(ServerTls.class.getName())) {
			server.tls.reload(() -> TlsServer.material(certificates, "other", "server"));
			assertThat(server.tls.reloadFailure()).isNotBlank();
			assertThat(log.messages()).singleElement()
				.asString()
				.contains("can't be used; the certificate of CN=server stays");
			server.tls.reload(() -> {
				throw new IllegalStateException("no such file");
			});
			assertThat(server.tls.reloadFailure()).isEqualTo("no such file");
		}
		try (SSLSocket client = server.jdk(null)) {
			echo(client);
			assertThat(TlsClient.subject(client)).isEqualTo("CN=server");
		}
		server.tls.reload(() -> TlsServer.material(certificates, "other", "other"));
		assertThat(server.tls.reloadFailure()).isNull();
	}

	@Test
	void whenNoHandshakeCanSucceedThenThereIsNoServer() {
		assertThatExceptionOfType(SSLException.class)
			.isThrownBy(() -> tls(TlsServer.material(certificates, "server", "other")));
		SSLContext context = TlsServer.material(certificates, "server", "server").context();
		assertThatIllegalArgumentException()
			.isThrownBy(() -> tls(new TlsMaterial(context, null, List.of("TLS_NO_SUCH_CIPHER"))))
			.withMessageContaining("TLS_NO_SUCH_CIPHER");
		// For a key that it has not
		assertThatIOException().isThrownBy(() -> tls(
				new TlsMaterial(context, List.of("TLSv1.2"), List.of("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"))));
		assertThatIOException().isThrownBy(() -> tls(new TlsMaterial(context, List.of("TLSv1.1"), null)));
	}

	private static ServerTls tls(TlsMaterial material) throws SSLException {
		return new ServerTls("test", ClientAuth.NONE, Duration.ZERO, material);
	}

	// A record of 16 KB in pieces, and many small records at once
	@Test
	void whenRecordsComeInPiecesOrManyAtOnceThenEveryByteComesBack() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		byte[] bytes = new byte[200_000];
		new Random(5).nextBytes(bytes);
		try (Trickle trickle = new Trickle(server.port()); SSLSocket client = server.jdkOver(trickle)) {
			CompletableFuture<byte[]> echoed = CompletableFuture.supplyAsync(() -> {
				try {
					return client.getInputStream().readNBytes(bytes.length);
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			});
			for (int i = 0; i < 100_000; i += 100) {
				client.getOutputStream().write(bytes, i, 100);
			}
			client.getOutputStream().write(bytes, 100_000, 100_000);
			assertThat(Arrays.equals(echoed.get(20, TimeUnit.SECONDS), bytes)).isTrue();
		}
	}

	@Test
	void whenEncryptedBytesWaitInTheKernelThenNoneIsAvailable() throws Exception {
		CountDownLatch looked = new CountDownLatch(1);
		TlsServer server = new TlsServer(certificates, (connection) -> {
			connection.readNext(ByteBuffer.allocate(DATA.length));
			try {
				looked.await();
			}
			catch (InterruptedException ex) {
				throw new IOException(ex);
			}
			return CloseReason.END_OF_STREAM;
		}, ClientAuth.NONE, Duration.ZERO, Duration.ZERO);
		this.running = server;
		try (SSLSocket client = server.jdk(null)) {
			client.getOutputStream().write(DATA);
			Connection connection = server.only();
			Awaitility.await().until(() -> connection.bytesReceived() == DATA.length);
			client.getOutputStream().write(DATA);
			Awaitility.await().until(() -> connection.channel().socket().getInputStream().available() > DATA.length);
			assertThat(connection.available()).isZero();
			looked.countDown();
		}
	}

	@Test
	void whenHalfARecordHasComeThenTheEchoDoesNotWaitForTheOther() throws Exception {
		TlsServer server = server(Protocol.ECHO_RECORD, Duration.ofSeconds(10), Duration.ZERO);
		byte[] chunk = new byte[1024];
		ByteBuffer twoUnits = ByteBuffer.allocate(1024 + 22 + 5).put(chunk).put(new byte[22]).put(DATA);
		try (Trickle trickle = new Trickle(server.port()); SSLSocket client = server.jdkOver(trickle)) {
			client.startHandshake();
			trickle.gather();
			client.getOutputStream().write(twoUnits.array());
			int first = trickle.gathered();
			client.getOutputStream().write(new byte[22]);
			trickle.send(0, first + 10);
			assertThat(client.getInputStream().readNBytes(1024)).isEqualTo(chunk);
			assertThat(client.getInputStream().readNBytes(DATA.length)).isEqualTo(DATA);
			trickle.send(first + 10, trickle.gathered());
			Awaitility.await().until(() -> server.registry.totals().records() == 2);
		}
	}

	@Test
	void whenThePeerHasSaidCloseNotifyThenEachReadIsAtTheEndOfTheStream() throws Exception {
		List<Integer> reads = new CopyOnWriteArrayList<>();
		try (TlsServer server = new TlsServer(certificates, (connection) -> {
			reads.add(connection.read(ByteBuffer.allocate(1)));
			reads.add(connection.read(ByteBuffer.allocate(1)));
			return CloseReason.END_OF_STREAM;
		}, ClientAuth.NONE, Duration.ofSeconds(10), Duration.ofSeconds(5));
				SSLSocket client = server.jdk(null, "TLSv1.3")) {
			client.startHandshake();
			client.shutdownOutput();
			assertThat(server.reason(client)).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(reads).containsExactly(-1, -1);
		}
	}

}
