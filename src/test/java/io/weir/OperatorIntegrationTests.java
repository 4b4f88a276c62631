package io.weir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * What the documents tell operators to do with a running service.
 */
class OperatorIntegrationTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@Test
	void whenTheLoggersAreOpenedByTwoLinesThenDebugNeedsNoRestart() throws Exception {
		try (WeirProcess weir = WeirProcess
			.start(this.directory, Map.of(), "--tcp.server.port=0",
					"--management.endpoints.web.exposure.include=health,loggers",
					"--management.endpoint.loggers.access=unrestricted")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			exchange(weir.tcpPort());
			assertThat(post(actuator.port(), "/actuator/loggers/io.weir", "{\"configuredLevel\":\"DEBUG\"}"))
				.startsWith("HTTP/1.1 204");
			exchange(weir.tcpPort());
			weir.awaitLog("recv: b'data\\n'");
			assertThat(weir.log().split("connected by", -1)).hasSize(2);
		}
	}

	@Test
	void whenNothingIsOpenedThenTheLoggersAreOff() throws Exception {
		try (WeirProcess weir = WeirProcess.start(this.directory, Map.of(), "--tcp.server.port=0").awaitStarted();
				Actuator actuator = weir.actuator()) {
			assertThat(actuator.status("GET", "/loggers")).isEqualTo(404);
		}
	}

	@Test
	void whenTheActuatorWantsCertificatesThenOnlyTrustedClientsReadIt() throws Exception {
		Certificates certificates = new Certificates(this.directory).issue("server", 5).issue("client", 5);
		String bundle = "--spring.ssl.bundle.pem.weir.";
		try (WeirProcess weir = WeirProcess
			.start(this.directory, Map.of(), "--tcp.server.port=0",
					bundle + "keystore.certificate=" + certificates.file("server.pem"),
					bundle + "keystore.private-key=" + certificates.file("server.key"),
					bundle + "truststore.certificate=" + certificates.file("ca.pem"), "--server.ssl.bundle=weir",
					"--server.ssl.client-auth=need")
			.awaitStarted(); Actuator actuator = weir.actuator()) {
			try (SSLSocket trusted = new TlsClient(certificates, "client").connect(actuator.port())) {
				assertThat(request(trusted, "GET /actuator/tcpserver HTTP/1.0\r\nHost: localhost\r\n\r\n"))
					.startsWith("HTTP/1.1 200");
			}
			// The client may see the reset of its late request before the alert
			assertThatIOException().isThrownBy(() -> {
				try (SSLSocket stranger = new TlsClient(certificates, null).connect(actuator.port())) {
					request(stranger, "GET /actuator/tcpserver HTTP/1.0\r\nHost: localhost\r\n\r\n");
				}
			}).isInstanceOfAny(SSLException.class, SocketException.class);
		}
	}

	private static void exchange(int port) throws IOException {
		try (Peer peer = Peer.connect(port)) {
			byte[] data = "data\n".getBytes(StandardCharsets.US_ASCII);
			assertThat(peer.send(data).receive(data.length)).isEqualTo(data);
			peer.endStream();
			assertThat(peer.receiveToEnd()).isEmpty();
		}
	}

	// As curl does: head and body at once
	private static String post(int port, String path, String body) throws IOException {
		try (Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
			return request(socket, "POST " + path + " HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
					+ "Content-Length: " + body.length() + "\r\n\r\n" + body);
		}
	}

	private static String request(Socket socket, String request) throws IOException {
		socket.setSoTimeout(10_000);
		socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
		return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
	}

}
