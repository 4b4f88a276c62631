package io.weir;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import io.weir.protocol.Recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The jar with TLS behind a real HAProxy and a real nginx that speak the PROXY protocol.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class BehindProxyIntegrationTests {

	private static final String CLIENT = "127.0.0.7";

	// How HAProxy connects, by the document
	private static final String DOCUMENTED = "send-proxy-v2 check port 8080 inter 1s fall 2";

	private static final String READINESS = "option httpchk GET /actuator/health/readiness";

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@AutoClose
	private final Opened opened = new Opened();

	@SuppressWarnings("NullAway.Init")
	private Certificates certificates;

	@SuppressWarnings("NullAway.Init")
	private WeirProcess weir;

	@SuppressWarnings("NullAway.Init")
	private Actuator actuator;

	@BeforeEach
	void start() throws IOException {
		this.certificates = new Certificates(this.directory).issue("weir", 20).issue("client", 20);
		List<String> arguments = new ArrayList<>(this.certificates.arguments("weir"));
		arguments.addAll(
				List.of("--tcp.server.port=0", "--tcp.server.protocol=echo", "--tcp.server.proxy-protocol.enabled=true",
						"--tcp.server.proxy-protocol.trusted=127.0.0.1", "--tcp.server.deny=127.0.0.66",
						"--tcp.server.max-connections-per-address=2", "--tcp.server.drain.delay=1m"));
		this.weir = this.opened.later(WeirProcess.start(this.directory, Map.of(), arguments.toArray(String[]::new)))
			.awaitStarted();
		this.actuator = this.opened.later(this.weir.actuator());
	}

	private void run(Path configuration, int port, String... command) throws IOException {
		List<String> all = new ArrayList<>(List.of(command));
		all.add(configuration.toString());
		Path log = this.directory.resolve("proxy.log");
		Process process = new ProcessBuilder(all).directory(this.directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(log.toFile())
			.start();
		this.opened.later(() -> {
			process.destroy();
			assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
		});
		Awaitility.await("the proxy").atMost(Duration.ofSeconds(20)).ignoreExceptions().untilAsserted(() -> {
			assertThat(process.isAlive()).as(() -> Command.written(log)).isTrue();
			new Socket(InetAddress.ofLiteral("127.0.0.1"), port).close();
		});
	}

	private int startHaproxy(String bind, String server) throws IOException, InterruptedException {
		assumeTrue(Command.succeeds("haproxy", "-v"), "haproxy is not installed");
		int port = FreePort.find();
		Path configuration = Files.writeString(this.directory.resolve("haproxy.cfg"), documented("haproxy",
				Map.of("bind :9999", "bind 127.0.0.1:" + port + " " + bind + (hasIpv6() ? "\n  bind ::1:" + port : ""),
						// Of connections alone, unless the server has a port for the
						// question
						READINESS, server.contains(" port ") ? READINESS : "option tcp-check",
						"10.0.0.5:9999 " + DOCUMENTED, "127.0.0.1:" + this.weir.tcpPort() + " " + server)));
		run(configuration, port, "haproxy", "-db", "-f");
		return port;
	}

	// The document's block, on the test's ports
	private static String documented(String language, Map<String, String> replacements) throws IOException {
		String document = Files.readString(Path.of("src/docs/balancers.md"));
		assertThat(document).containsOnlyOnce("```" + language + "\n");
		String block = document.split("```" + language + "\n", -1)[1].split("```", -1)[0];
		for (var replacement : replacements.entrySet()) {
			assertThat(block).contains(replacement.getKey());
			block = block.replace(replacement.getKey(), replacement.getValue());
		}
		return block;
	}

	private static boolean hasIpv6() {
		try (ServerSocket socket = new ServerSocket()) {
			socket.bind(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0));
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	private Socket connect(String from, int port) throws IOException {
		Socket socket = this.opened.later(new Socket());
		socket.bind(new InetSocketAddress(InetAddress.ofLiteral(from), 0));
		socket.connect(new InetSocketAddress(InetAddress.ofLiteral(from.contains(":") ? "::1" : "127.0.0.1"), port),
				10_000);
		return socket;
	}

	private SSLSocket secure(Socket socket, String own) throws IOException {
		SSLSocket client = this.opened.later(new TlsClient(this.certificates, own).over(socket));
		TlsClient.echo(client);
		return client;
	}

	private JsonNode only() throws Exception {
		// The one that looked whether the proxy is there may not be gone yet
		return Awaitility.await()
			.until(() -> this.actuator.json("/tcpconnections"), (answer) -> answer.at("/total").asInt() == 1)
			.at("/connections/0");
	}

	private int count(String pointer) throws Exception {
		return this.actuator.json("/tcpserver").at("/connections" + pointer).asInt(-1);
	}

	private void assertServed(int port) throws Exception {
		assertKnown(port);
		assertAdmitted(port);
		assertThat(count("/rejected/proxy_header")).isZero();
	}

	private void assertKnown(int port) throws Exception {
		Socket socket = connect(CLIENT, port);
		SSLSocket client = secure(socket, "client");
		JsonNode connection = only();
		assertThat(connection.at("/peer").asString()).isEqualTo(CLIENT + ":" + socket.getLocalPort());
		assertThat(connection.at("/via").asString()).startsWith("127.0.0.1:");
		assertThat(connection.at("/tls/protocol").asString()).startsWith("TLSv1.");
		assertThat(connection.at("/bytesReceived").asInt()).isEqualTo(Recipe.DATA.length);
		// The kernel's figures are those of the socket to the proxy
		JsonNode kernel = connection.at("/kernel");
		if (kernel.at("/source").asString().equals("sock_diag")) {
			assertThat(kernel.at("/rttMicros").asInt()).as(kernel.toString()).isPositive();
		}
		client.close();
		Awaitility.await().untilAsserted(() -> assertThat(count("/closed/end_of_stream")).isEqualTo(1));
	}

	// By the client's address, not the proxy's
	private void assertAdmitted(int port) throws Exception {
		Socket denied = connect("127.0.0.66", port);
		denied.getOutputStream().write(1);
		Awaitility.await().untilAsserted(() -> assertThat(count("/rejected/denied")).isEqualTo(1));
		secure(connect("127.0.0.8", port), "client");
		secure(connect("127.0.0.8", port), "client");
		Socket third = connect("127.0.0.8", port);
		third.getOutputStream().write(1);
		Awaitility.await().untilAsserted(() -> assertThat(count("/rejected/address_limit")).isEqualTo(1));
		secure(connect("127.0.0.9", port), "client");
		JsonNode counts = this.actuator.json("/tcpserver").at("/connections");
		int closed = counts.at("/closed").valueStream().mapToInt(JsonNode::asInt).sum();
		int rejected = counts.at("/rejected").valueStream().mapToInt(JsonNode::asInt).sum();
		assertThat(counts.at("/accepted").asInt()).isEqualTo(counts.at("/active").asInt() + closed + rejected);
	}

	@ParameterizedTest
	@ValueSource(strings = { "send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id" })
	void behindHaproxyTheClientIsKnownAndHasTls(String how) throws Exception {
		assertServed(startHaproxy("", how));
	}

	@Test
	void haproxyThatAsksForReadinessSendsNobodyToAServerThatDrains() throws Exception {
		int port = startHaproxy("", DOCUMENTED.replace("8080", Integer.toString(this.actuator.port())));
		assertServed(port);
		this.weir.terminate();
		Awaitility.await()
			.atMost(Duration.ofSeconds(40))
			.until(() -> Command.written(this.directory.resolve("proxy.log"))
				.contains("Server weir/weir is DOWN, reason: Layer7 wrong status, code: 503"));
		// So no newcomer is lost
		secure(connect("127.0.0.10", this.weir.tcpPort()), "client");
		assertThat(connect("127.0.0.10", port).getInputStream().read()).isNegative();
	}

	@Test
	void behindHaproxyThatEndsTlsAndSendsTheClientsNameTheClientIsKnown() throws Exception {
		Path both = this.directory.resolve("both.pem");
		Files.writeString(both, Files.readString(this.directory.resolve("weir.pem"))
				+ Files.readString(this.directory.resolve("weir.key")));
		// It connects for clients alone whose handshake with it is done
		assertKnown(startHaproxy("ssl crt " + both + " ca-file ca.pem verify optional",
				"ssl verify none send-proxy-v2-ssl-cn"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "send-proxy", "send-proxy-v2" })
	void clientsOfHaproxyMayHaveIpv6(String how) throws Exception {
		assumeTrue(hasIpv6(), "no IPv6 on this machine");
		Socket socket = connect("::1", startHaproxy("", how));
		secure(socket, "client");
		assertThat(only().at("/peer").asString()).isEqualTo("[::1]:" + socket.getLocalPort());
		assertThat(only().at("/via").asString()).startsWith("127.0.0.1:");
	}

	@ParameterizedTest
	@ValueSource(strings = { "send-proxy", "send-proxy-v2" })
	void checksOfHaproxyAreEmptyWithAHeaderAndWithout(String how) throws Exception {
		startHaproxy("", how + " check inter 50ms check-send-proxy");
		Awaitility.await().untilAsserted(() -> assertThat(count("/closed/empty")).isGreaterThan(10));
		assertThat(count("/rejected/proxy_header")).isZero();
		assertThat(count("/closed/handshake_failed")).isZero();
	}

	@Test
	void behindHaproxyThatSendsNoHeaderNobodyIsServedAndItIsCounted() throws Exception {
		Socket socket = connect(CLIENT, startHaproxy("", ""));
		socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
		Awaitility.await().untilAsserted(() -> assertThat(count("/rejected/proxy_header")).isEqualTo(1));
		assertThat(this.actuator.text("/prometheus"))
			.contains("tcp_server_rejected_connections_total{reason=\"proxy_header\"} 1.0");
		assertThat(this.weir.log()).doesNotContain("proxy_header");
	}

	@Test
	void aHandshakeThatComesInOneSegmentWithTheHeaderSucceeds() throws Exception {
		Socket socket = this.opened.later(new PrefixedSocket("PROXY TCP6 2001:db8::7 2001:db8::1 7 443\r\n"));
		socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), this.weir.tcpPort()), 10_000);
		secure(socket, "client");
		assertThat(only().at("/peer").asString()).isEqualTo("[2001:db8::7]:7");
		assertThat(only().at("/via").asString()).isEqualTo("127.0.0.1:" + socket.getLocalPort());
	}

	/**
	 * Sends something before its first bytes, in one write.
	 */
	private static final class PrefixedSocket extends Socket {

		private final byte[] prefix;

		private boolean sent;

		private PrefixedSocket(String prefix) {
			this.prefix = prefix.getBytes(StandardCharsets.US_ASCII);
		}

		@Override
		public OutputStream getOutputStream() throws IOException {
			OutputStream plain = super.getOutputStream();
			return new FilterOutputStream(plain) {

				@Override
				public void write(byte[] bytes, int offset, int length) throws IOException {
					ByteBuffer all = ByteBuffer.allocate((PrefixedSocket.this.sent ? 0 : prefix().length) + length);
					if (!PrefixedSocket.this.sent) {
						all.put(prefix());
						PrefixedSocket.this.sent = true;
					}
					plain.write(all.put(bytes, offset, length).array());
				}

			};
		}

		private byte[] prefix() {
			return this.prefix;
		}

	}

	@Test
	void behindNginxTheClientIsKnownAndHasTls() throws Exception {
		int port = FreePort.find();
		Path configuration = Files.writeString(this.directory.resolve("nginx.conf"), """
				load_module modules/ngx_stream_module.so;
				daemon off;
				pid nginx.pid;
				error_log stderr;
				events {
				}
				""" + documented("nginx", Map.of("listen 9999;", "listen 127.0.0.1:" + port + ";", "10.0.0.5:9999",
				"127.0.0.1:" + this.weir.tcpPort())));
		Path modules = Path.of("/usr/lib/nginx/modules");
		assumeTrue(Files.isRegularFile(modules.resolve("ngx_stream_module.so")),
				"nginx is not installed, or without its stream module");
		Files.createSymbolicLink(this.directory.resolve("modules"), modules);
		run(configuration, port, "nginx", "-e", "stderr", "-p", this.directory.toString(), "-c");
		assertServed(port);
	}

}
