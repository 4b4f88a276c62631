package io.weir.tls;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.weir.CapturedLog;
import io.weir.TlsClient;
import io.weir.connection.CloseReason;

import static io.weir.TlsClient.echo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for what becomes of connections when the certificate changes.
 */
@Timeout(60)
class TlsReloadTests extends TlsTest {

	@Test
	void whenReloadedThenNewConnectionsGetTheNewCertificateAndOldOnesLiveOn() throws Exception {
		TlsServer server = server(ClientAuth.NONE);
		assertThat(server.tls.status().certificate().subject()).isEqualTo("CN=server");
		try (SSLSocket old = server.jdk(null)) {
			echo(old);
			server.tls.reload(() -> TlsServer.material(certificates, "other", "other"));
			assertThat(server.tls.status().certificate().subject()).isEqualTo("CN=other");
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
			assertThat(server.tls.status().reloadFailure()).isNotBlank();
			assertThat(log.messages()).singleElement()
				.asString()
				.contains("can't be used; the certificate of CN=server stays");
			server.tls.reload(() -> {
				throw new IllegalStateException("no such file");
			});
			assertThat(server.tls.status().reloadFailure()).isEqualTo("no such file");
		}
		try (SSLSocket client = server.jdk(null)) {
			echo(client);
			assertThat(TlsClient.subject(client)).isEqualTo("CN=server");
		}
		server.tls.reload(() -> TlsServer.material(certificates, "other", "other"));
		assertThat(server.tls.status().reloadFailure()).isNull();
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

}
