package io.weir.tls;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import ch.qos.logback.classic.Level;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.CapturedLog;
import io.weir.OpenSslClient;
import io.weir.Peer;
import io.weir.connection.CloseReason;
import io.weir.connection.ConnectionState;
import io.weir.transport.SecureSession;
import io.weir.protocol.Protocol;

import static io.weir.protocol.Recipe.DATA;
import static io.weir.TlsClient.echo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for handshakes: versions, ciphers, certificates, and peers that do not make one.
 */
@Timeout(60)
class TlsHandshakeTests extends TlsTest {

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
		// With a cipher suite of TLS 1.3, so that it is the protocol that is refused
		server.tls.reload(() -> new TlsMaterial(context, List.of("TLSv1.2"),
				List.of("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256")));
		assertThat(server.tls.status().reloadFailure()).isNull();
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
	void whenAPeerSaysNothingThenItIsShownAndClosedInTimeAndOthersAreServed() throws Exception {
		TlsServer server = server(Protocol.ECHO, Duration.ofSeconds(5), Duration.ofSeconds(3));
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
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofSeconds(5),
					Duration.ofSeconds(12));
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

}
