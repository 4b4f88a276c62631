package io.weir.tls;

import io.weir.transport.PooledConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.OpenSslClient;
import io.weir.Peer;
import io.weir.TlsClient;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionState;
import io.weir.transport.SecureSession;
import io.weir.protocol.Protocol;

import static io.weir.protocol.Recipe.DATA;
import static io.weir.TlsClient.echo;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for TLS with real clients, OpenSSL's, the JDK's and Python's, and for its
 * records.
 */
@Timeout(60)
class TlsServerTests extends TlsTest {

	private static final int KEY_UPDATES = 5000;

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
			assertThat(connection.bytesReceived()).isEqualTo(10);
			Awaitility.await()
				.until(() -> connection.bytesSent() == 10 && connection.state() == ConnectionState.READING);
			client.end();
			assertThat(server.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(client.output()).contains("DONE");
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
		try (OpenSslClient client = server.openSsl("-tls1_3", "-msg")) {
			client.send("before").await("\nbefore").send(command).await("KEYUPDATE");
			if (command.equals("K")) {
				// Before any data: the engine itself would only send it with the next
				client.await("<<< TLS 1.3, Handshake [length 0005], KeyUpdate");
			}
			client.send("after").await("\nafter");
			assertThat(server.only().bytesReceived()).isEqualTo(13);
		}
	}

	// With a key update an answer is due, which this peer never reads
	@Test
	void whenAPeerAsksForKeysAndDoesNotReadThenTheIdleTimeoutEndsItAndOthersAreServed() throws Exception {
		TlsServer server = server(Protocol.ECHO, Duration.ofSeconds(10), Duration.ofSeconds(3));
		try (Socket plain = TlsClient.plain(server.port(), 4096); SSLSocket client = server.jdkOver(plain, "TLSv1.3")) {
			echo(client);
			Connection connection = server.only();
			connection.channel().setOption(StandardSocketOptions.SO_SNDBUF, 4096);
			AtomicInteger asked = new AtomicInteger();
			// A virtual one would keep a carrier from the server's
			Thread asking = Thread.ofPlatform().start(() -> {
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
		CompletableFuture<Integer> available = new CompletableFuture<>();
		TlsServer server = new TlsServer(certificates, (connection) -> {
			connection.read(ByteBuffer.allocate(DATA.length));
			try {
				looked.await();
				available.complete(((PooledConnection) connection).available());
			}
			catch (InterruptedException ex) {
				throw new IOException(ex);
			}
		}, ClientAuth.NONE, Duration.ZERO, Duration.ZERO);
		this.running = server;
		try (SSLSocket client = server.jdk(null)) {
			client.getOutputStream().write(DATA);
			Connection connection = server.only();
			Awaitility.await().until(() -> connection.bytesReceived() == DATA.length);
			client.getOutputStream().write(DATA);
			Awaitility.await().until(() -> connection.channel().socket().getInputStream().available() > DATA.length);
			looked.countDown();
			assertThat(available.get(5, TimeUnit.SECONDS)).isZero();
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

	// All of it has come already, so the connection's thread never waits
	@Test
	void whenAPeerSendsMuchWithoutDataThenOthersAreServedMeanwhile() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		// With more than two there, none begins on a platform thread
		try (SSLSocket first = server.jdk(null);
				SSLSocket second = server.jdk(null);
				SSLSocket other = server.jdk(null);
				Trickle trickle = new Trickle(server.port());
				SSLSocket busy = server.jdkOver(trickle, "TLSv1.3")) {
			for (SSLSocket client : List.of(first, second, other, busy)) {
				echo(client);
			}
			trickle.gather();
			boolean meanwhile = false;
			// While this thread stands still, all that was sent is taken in
			for (int attempt = 0; attempt < 5 && !meanwhile; attempt++) {
				long before = server.registry.totals().bytesReceived();
				int begin = trickle.gathered();
				for (int i = 0; i < KEY_UPDATES; i++) {
					busy.startHandshake();
				}
				busy.getOutputStream().write(DATA);
				trickle.send(begin, trickle.gathered());
				echo(other);
				meanwhile = server.registry.totals().bytesReceived() == before + DATA.length;
				Awaitility.await().until(() -> server.registry.totals().bytesReceived() == before + 2L * DATA.length);
			}
			assertThat(meanwhile).isTrue();
		}
	}

}
