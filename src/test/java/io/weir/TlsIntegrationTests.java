package io.weir;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import io.weir.server.TcpServer;

import io.weir.protocol.Recipe;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the running application with mutual TLS on its TCP port, and TLS by the same
 * bundle on the actuator's.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "tcp.server.port=0", "tcp.server.protocol=echo", "tcp.server.ssl.bundle=weir",
				"tcp.server.ssl.client-auth=need", "server.ssl.bundle=weir",
				// Not in the order of the JDK's client
				"spring.ssl.bundle.pem.weir.options.ciphers=TLS_CHACHA20_POLY1305_SHA256,TLS_AES_256_GCM_SHA384",
				"spring.ssl.bundle.pem.weir.reload-on-update=true", "spring.ssl.bundle.watch.file.quiet-period=100ms" })
class TlsIntegrationTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	static Path directory;

	@SuppressWarnings("NullAway.Init")
	private static Certificates certificates;

	@LocalServerPort
	private int port;

	@Autowired
	@SuppressWarnings("NullAway.Init")
	private TcpServer server;

	@DynamicPropertySource
	static void bundle(DynamicPropertyRegistry registry) throws Exception {
		certificates = new Certificates(directory).issue("first", 20).issue("second", 5).issue("client", 5);
		install("first.pem", "tls.crt");
		install("first.key", "tls.key");
		String prefix = "spring.ssl.bundle.pem.weir.";
		registry.add(prefix + "keystore.certificate", () -> certificates.file("tls.crt").toString());
		registry.add(prefix + "keystore.private-key", () -> certificates.file("tls.key").toString());
		registry.add(prefix + "truststore.certificate", () -> certificates.file("ca.pem").toString());
	}

	private static void install(String from, String to) throws Exception {
		Files.copy(certificates.file(from), certificates.file(to), StandardCopyOption.REPLACE_EXISTING);
	}

	@BeforeEach
	void installFirst() throws Exception {
		install("first.pem", "tls.crt");
		install("first.key", "tls.key");
		awaitSubject("CN=first");
	}

	private static TlsClient client() {
		return new TlsClient(certificates, "client");
	}

	private SSLSocket connect() throws Exception {
		return client().connect(Objects.requireNonNull(this.server.address()).getPort());
	}

	// A client each time, as a connection that is kept has the old certificate
	private JsonNode json(String path) throws Exception {
		try (HttpClient client = HttpClient.newBuilder().sslContext(client().context()).build()) {
			return new JsonMapper().readTree(
					client
						.send(HttpRequest.newBuilder(URI.create("https://localhost:" + this.port + "/actuator" + path))
							.timeout(Duration.ofSeconds(20))
							.build(), HttpResponse.BodyHandlers.ofString())
						.body());
		}
	}

	private void awaitSubject(String subject) {
		Awaitility.await()
			.atMost(Duration.ofSeconds(20))
			.untilAsserted(() -> assertThat(json("/tcpserver").at("/ssl/subject").asString()).isEqualTo(subject));
	}

	@Test
	void whenServedThenTheEndpointsShowWhatWasAgreedOn() throws Exception {
		try (SSLSocket client = connect()) {
			TlsClient.echo(client);
			// Those of the test before are gone, and this one has written its answer
			JsonNode connection = Awaitility.await()
				.until(() -> json("/tcpconnections"),
						(all) -> all.at("/total").asInt() == 1
								&& all.at("/connections/0/state").asString().equals("reading"))
				.at("/connections/0");
			assertThat(connection.at("/tls").propertyNames()).containsExactly("protocol", "cipherSuite", "peerSubject");
			assertThat(connection.at("/tls/protocol").asString()).isEqualTo("TLSv1.3");
			assertThat(connection.at("/tls/cipherSuite").asString()).isEqualTo("TLS_CHACHA20_POLY1305_SHA256");
			assertThat(connection.at("/tls/peerSubject").asString()).isEqualTo("CN=client");
			// The application's bytes, and the wire's
			assertThat(connection.at("/bytesReceived").asInt()).isEqualTo(Recipe.DATA.length);
			if (connection.at("/kernel").has("bytesReceived")) {
				assertThat(connection.at("/kernel/bytesReceived").asInt()).isGreaterThan(500);
			}
		}
		JsonNode ssl = json("/tcpserver").at("/ssl");
		assertThat(ssl.propertyNames()).containsExactly("bundle", "subject", "notAfter");
		assertThat(ssl.at("/bundle").asString()).isEqualTo("weir");
		assertThat(ssl.at("/notAfter").asString()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
		assertThat(json("/tcpserver").at("/findings").toString()).doesNotContain("\"ssl\"");
		assertThat(json("/health").at("/components/ssl/status").asString()).isEqualTo("UP");
	}

	@Test
	void whenAPeerIsInItsHandshakeThenItIsShown() throws Exception {
		try (Peer silent = Peer.connect(Objects.requireNonNull(this.server.address()).getPort())) {
			Awaitility.await().untilAsserted(() -> {
				JsonNode connections = json("/tcpconnections").at("/connections");
				assertThat(connections.valueStream()).anySatisfy((connection) -> {
					assertThat(connection.at("/peer").asString()).isEqualTo("127.0.0.1:" + silent.port());
					assertThat(connection.at("/state").asString()).isEqualTo("handshaking");
					assertThat(connection.get("tls").isNull()).isTrue();
				});
			});
		}
	}

	@Test
	void whenTheFilesChangeThenNewConnectionsGetTheNewCertificateAndABrokenOneIsNotTaken() throws Exception {
		try (SSLSocket old = connect()) {
			TlsClient.echo(old);
			install("second.key", "tls.key");
			install("second.pem", "tls.crt");
			awaitSubject("CN=second");
			try (SSLSocket client = connect()) {
				TlsClient.echo(client);
				assertThat(TlsClient.subject(client)).isEqualTo("CN=second");
			}
			assertThat(json("/tcpserver").at("/findings").toString()).contains("CN=second", "expires at", "in 4 days");
			Files.writeString(certificates.file("tls.crt"), "no certificate\n");
			Awaitility.await()
				.untilAsserted(() -> assertThat(json("/tcpserver").at("/findings").toString())
					.contains("the bundle 'weir' has changed and can't be used; the certificate of CN=second stays"));
			assertThat(json("/health").at("/components/ssl/status").asString()).isEqualTo("DOWN");
			assertThat(json("/health/readiness").at("/status").asString()).isEqualTo("UP");
			try (SSLSocket client = connect()) {
				TlsClient.echo(client);
				assertThat(TlsClient.subject(client)).isEqualTo("CN=second");
			}
			install("second.pem", "tls.crt");
			Awaitility.await()
				.untilAsserted(() -> assertThat(json("/tcpserver").at("/findings").toString())
					.doesNotContain("can't be used"));
			TlsClient.echo(old);
		}
	}

	@Test
	void whenTheBundleIsUnknownThenTheJarReportsItAndExits() throws Exception {
		try (WeirProcess weir = WeirProcess.start(directory, Map.of("TCP_SERVER_SSL_BUNDLE", "nowhere"),
				"--tcp.server.port=0")) {
			assertThat(weir.exitCode()).isEqualTo(1);
			assertThat(weir.log())
				.contains("APPLICATION FAILED TO START", "Property: tcp.server.ssl.bundle", "Value: \"nowhere\"",
						"Origin: System Environment Property \"TCP_SERVER_SSL_BUNDLE\"", "there is no such bundle")
				.doesNotContain("\tat ");
		}
	}

}
