package io.weir.tls;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.OpenSslClient;
import io.weir.Peer;
import io.weir.TlsClient;
import io.weir.api.ConnectionHandler;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionState;
import io.weir.protocol.Protocol;
import io.weir.protocol.Recipe;
import io.weir.server.ConnectionThreads;
import io.weir.struct.StructFormat;

import static io.weir.protocol.Recipe.DATA;
import static io.weir.TlsClient.echo;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how connections with TLS end, on both sides.
 */
@Timeout(60)
class TlsEndTests extends TlsTest {

	/**
	 * That is all it can show: it says close_notify and ends its side, then reads without
	 * decrypting, until the end or for half a second, and throws away what it reads.
	 * Python's client decrypts it.
	 */
	@Test
	void whenOpenSslEndsItsSideThenTheEchoAndCloseNotifyReachItAndTheEndIsNoReset() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		String output = "";
		// The server may stand still for that half second
		for (int attempt = 1; attempt <= 3 && !output.contains("(8192 bytes => 0)"); attempt++) {
			try (OpenSslClient client = server.openSsl("-tls1_3", "-quiet", "-no_ign_eof", "-debug")) {
				output = client.send("before").await("\nbefore").end().output();
			}
			// That would be a reset
			assertThat(output).doesNotContain("=> -1");
			int ended = attempt;
			Awaitility.await().until(() -> server.closed(CloseReason.END_OF_STREAM) == ended);
			assertThat(server.registry.totals().bytesSent()).isEqualTo(7L * attempt);
		}
		// Close_notify, which the JDK pads, and the end
		assertThat(output).contains("(8192 bytes => 40 (0x28))", "(8192 bytes => 0)");
	}

	// It is in the midst of a read, for which the connection's own thread has to wait
	@ParameterizedTest
	@EnumSource
	void whenAThreadOfTheHandlersStillReadsAtTheReturnThenThePeerIsReadToItsEnd(ConnectionThreads threads)
			throws Exception {
		ConnectionHandler handler = (connection) -> {
			Thread reader = Thread.ofPlatform().start(() -> {
				try {
					connection.read(ByteBuffer.allocate(1));
				}
				catch (IOException ex) {
					// The connection has ended
				}
			});
			Awaitility.await()
				.until(() -> Arrays.stream(reader.getStackTrace()).anyMatch(StackTraceElement::isNativeMethod));
			connection.write(ByteBuffer.wrap(new byte[] { 7 }));
		};
		TlsServer server = new TlsServer(certificates, handler, ClientAuth.NONE, Duration.ofSeconds(10),
				Duration.ofMinutes(5), Duration.ZERO, Duration.ZERO, threads);
		this.running = server;
		try (SSLSocket client = server.jdk(null, "TLSv1.3")) {
			assertThat(client.getInputStream().readAllBytes()).containsExactly(7);
			client.getOutputStream().write(new byte[100_000]);
			client.shutdownOutput();
			assertThat(server.reason(client)).isEqualTo(CloseReason.CLOSED_BY_HANDLER);
			// What that thread has read may come after the count
			assertThat(server.registry.totals().bytesReceived()).isBetween(99_999L, 100_000L);
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

	// In TLS 1.2 a close_notify that is read ends the server's side, too
	@Test
	void whenAnOlderClientsCloseNotifyComesWithDataThenTheDataIsAnsweredFirst() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		try (Trickle trickle = new Trickle(server.port()); SSLSocket client = server.jdkOver(trickle, "TLSv1.2")) {
			echo(client);
			trickle.gather();
			client.getOutputStream().write(DATA);
			client.shutdownOutput();
			trickle.send(0, trickle.gathered());
			assertThat(client.getInputStream().readAllBytes()).isEqualTo(DATA);
			assertThat(server.reason(client)).isEqualTo(CloseReason.END_OF_STREAM);
		}
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
		TlsServer server = new TlsServer(certificates, Protocol.ECHO.handler(1024, Recipe.FORMAT), ClientAuth.NONE,
				Duration.ofSeconds(10), Duration.ZERO, Duration.ofSeconds(20));
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
			for (OpenSslClient client : List.of(newer, older)) {
				assertThat(client.output()).contains("\nclosed").doesNotContain("unexpected eof", "error:", "errno");
			}
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
	void whenAConnectionIsTooOldThenItsLastExchangeIsServedAndItEndsWithCloseNotify() throws Exception {
		TlsServer server = new TlsServer(certificates, Protocol.ECHO.handler(1024, StructFormat.parse("B")),
				ClientAuth.NONE, Duration.ofSeconds(10), Duration.ZERO, Duration.ofSeconds(5), Duration.ofSeconds(20));
		this.running = server;
		try (OpenSslClient quiet = server.openSsl("-tls1_3"); SSLSocket busy = server.jdk(null, "TLSv1.3")) {
			quiet.send("before").await("\nbefore");
			int echoed = DATA.length;
			while (echoed == DATA.length) {
				busy.getOutputStream().write(DATA);
				echoed = busy.getInputStream().readNBytes(DATA.length).length;
			}
			assertThat(echoed).isZero();
			busy.shutdownOutput();
			assertThat(server.reason(busy)).isEqualTo(CloseReason.MAX_AGE);
			assertThat(quiet.output()).contains("\nclosed").doesNotContain("unexpected eof", "error:", "errno");
			assertThat(server.closed(CloseReason.MAX_AGE)).isEqualTo(2);
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
	void whenThePeerHasSaidCloseNotifyThenEachReadIsAtTheEndOfTheStream() throws Exception {
		List<Integer> reads = new CopyOnWriteArrayList<>();
		try (TlsServer server = new TlsServer(certificates, (connection) -> {
			reads.add(connection.read(ByteBuffer.allocate(1)));
			reads.add(connection.read(ByteBuffer.allocate(1)));
		}, ClientAuth.NONE, Duration.ofSeconds(10), Duration.ofSeconds(5));
				SSLSocket client = server.jdk(null, "TLSv1.3")) {
			client.startHandshake();
			client.shutdownOutput();
			assertThat(server.reason(client)).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(reads).containsExactly(-1, -1);
		}
	}

}
