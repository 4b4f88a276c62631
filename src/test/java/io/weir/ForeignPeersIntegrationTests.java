package io.weir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.weir.monitor.Finding;
import io.weir.monitor.ServerMonitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Clients of another protocol, the real ones, and what the running application finds.
 */
class ForeignPeersIntegrationTests {

	private static final byte[] PROXY_V2 = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n', 0x20, 0,
			0, 0 };

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	private static List<String> found(RunningWeir weir) {
		return weir.bean(ServerMonitor.class)
			.snapshot()
			.findings()
			.stream()
			.map(Finding::message)
			.filter((message) -> message.startsWith("connections of the last 5 min"))
			.toList();
	}

	private static void say(int port, byte... bytes) throws IOException {
		try (Peer peer = Peer.connect(port)) {
			peer.send(bytes).endStream();
			peer.receiveToEnd();
		}
	}

	// A segment each, and the first one is read before the next is sent
	private static void sayByteByByte(int port, String text) throws IOException {
		try (Peer peer = Peer.connect(port)) {
			byte[] bytes = ascii(text);
			assertThat(peer.send(bytes[0]).receive(1)).containsExactly(bytes[0]);
			for (int i = 1; i < bytes.length; i++) {
				peer.send(bytes[i]);
			}
			peer.endStream();
			peer.receiveToEnd();
		}
	}

	private static byte[] ascii(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	private static void await(RunningWeir weir, String... texts) {
		Awaitility.await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
			List<String> found = found(weir);
			assertThat(found).hasSize(texts.length / 2);
			for (int i = 0; i < texts.length; i += 2) {
				String text = texts[i];
				String end = texts[i + 1];
				assertThat(found).anySatisfy((message) -> assertThat(message).contains(text).endsWith(end));
			}
		});
	}

	@Test
	void onThePlainPortTlsHttpAndProxyHeadersAreFound() throws Exception {
		assumeTrue(Command.succeeds("curl", "--version"), "curl is not installed");
		assumeTrue(Command.succeeds("openssl", "version"), "openssl is not installed");
		try (RunningWeir weir = RunningWeir.start()) {
			int port = weir.tcpPort();
			// The recipe's own exchange
			try (Peer peer = Peer.connect(port)) {
				peer.send(ascii("data\n")).receive(5);
				peer.send(new byte[22]).endStream();
				assertThat(peer.receiveToEnd()).isEmpty();
			}
			assertThat(found(weir)).isEmpty();
			Command.succeeds("curl", "--max-time", "10", "http://127.0.0.1:" + port + "/");
			Command.succeeds("sh", "-c", "timeout 10 openssl s_client -connect 127.0.0.1:" + port + " < /dev/null");
			say(port, ascii("PROXY TCP4 192.0.2.1 192.0.2.2 40000 9999\r\n"));
			say(port, PROXY_V2);
			sayByteByByte(port, "GET / HTTP/1.1\r\n\r\n");
			await(weir, "the PROXY protocol", ": 2", "an HTTP request", ": 2", "a TLS handshake", ": 1");
		}
	}

	@Test
	void toEchoAnyBytesAreDataButAProxyHeaderOfVersion2() throws Exception {
		try (RunningWeir weir = RunningWeir.start("--tcp.server.protocol=echo")) {
			say(weir.tcpPort(), ascii("GET / HTTP/1.1\r\n\r\n"));
			say(weir.tcpPort(), ascii("PROXY TCP4 192.0.2.1 192.0.2.2 40000 9999\r\n"));
			assertThat(found(weir)).isEmpty();
			say(weir.tcpPort(), PROXY_V2);
			await(weir, "the PROXY protocol, which was taken for data", ": 1");
		}
	}

	@Test
	void onTheTlsPortWhatIsNoTlsIsFound() throws Exception {
		Certificates certificates = new Certificates(this.directory).issue("server", 20);
		List<String> arguments = new ArrayList<>(certificates.arguments("server"));
		arguments.add("--tcp.server.protocol=echo");
		try (RunningWeir weir = RunningWeir.start(arguments.toArray(String[]::new))) {
			int port = weir.tcpPort();
			try (SSLSocket client = new TlsClient(certificates, null).connect(port)) {
				TlsClient.echo(client);
			}
			assertThat(found(weir)).isEmpty();
			say(port, ascii("data\n"));
			say(port, ascii("GET / HTTP/1.1\r\n\r\n"));
			say(port, PROXY_V2);
			await(weir, "not TLS", ": 2", "the PROXY protocol, so no handshake succeeded", ": 1");
		}
	}

	@Test
	void withTheProxyProtocolHeadersThatAreMissingOrThatNobodyExpectsAreFound() throws Exception {
		List<String> arguments = new ArrayList<>(
				new Certificates(this.directory).issue("server", 20).arguments("server"));
		arguments.add("--tcp.server.proxy-protocol.enabled=true");
		arguments.add("--tcp.server.proxy-protocol.trusted=127.0.0.1");
		try (RunningWeir weir = RunningWeir.start(arguments.toArray(String[]::new));
				Peer stranger = Peer.connect("127.0.0.2", weir.tcpPort());
				Peer proxy = Peer.connect("127.0.0.1", weir.tcpPort())) {
			stranger.send(PROXY_V2);
			proxy.send(ascii("data\n")).endStream();
			await(weir, "the PROXY protocol where none is expected, so no handshake succeeded", ": 1",
					"no valid PROXY header", ": 1");
		}
	}

}
