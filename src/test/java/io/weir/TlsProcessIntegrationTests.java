package io.weir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What befalls a process with TLS: want of memory, and new files while it is under load.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class TlsProcessIntegrationTests extends TlsProcessTest {

	@BeforeAll
	static void issue() throws IOException {
		certificates.issue("first", 20).issue("second", 20);
	}

	@Test
	void whenMoreSendMuchAndReadNothingThanLargeBuffersFitThenOthersAreServedAndAllIsGivenBack() throws Exception {
		int max = 301;
		TlsClient clients = new TlsClient(certificates, null);
		List<Socket> silent = new ArrayList<>();
		// Large buffers for all of them would take more than 64 MB
		try (WeirProcess weir = start(List.of(), List.of("-Xmx64m", "-XX:MaxDirectMemorySize=16m"),
				certificates.arguments("first"), "--tcp.server.protocol=echo", "--tcp.server.max-connections=" + max,
				// So that the kernel's memory is soon full, and nothing ends them
				"--tcp.server.receive-buffer-size=32KB", "--tcp.server.send-buffer-size=32KB",
				"--tcp.server.write-timeout=5m"); Actuator actuator = weir.actuator()) {
			for (int i = 0; i < max - 1; i++) {
				silent.add(TlsClient.plain(weir.tcpPort(), 4096));
				silent.get(i).setSendBufferSize(32 * 1024);
				flood(clients.over(silent.get(i)));
			}
			awaitSilence(actuator, (max - 1) * 50_000L);
			byte[] bytes = new byte[200_000];
			new Random(3).nextBytes(bytes);
			try (SSLSocket other = clients.connect(weir.tcpPort())) {
				CompletableFuture<Void> echoed = CompletableFuture.runAsync(() -> {
					try {
						assertThat(other.getInputStream().readNBytes(bytes.length)).isEqualTo(bytes);
					}
					catch (IOException ex) {
						throw new UncheckedIOException(ex);
					}
				});
				other.getOutputStream().write(bytes);
				echoed.get(20, TimeUnit.SECONDS);
				assertThat(actuator.json("/tcpserver").at("/state").asString()).isEqualTo("full");
			}
			for (Socket plain : silent) {
				plain.close();
			}
			actuator.awaitActive(0);
			// As many as before, at once
			List<SSLSocket> newcomers = new ArrayList<>();
			try {
				for (int i = 0; i < max; i++) {
					newcomers.add(clients.connect(weir.tcpPort()));
					TlsClient.echo(newcomers.get(i));
				}
			}
			finally {
				for (SSLSocket newcomer : newcomers) {
					newcomer.close();
				}
			}
			assertThat(actuator.json("/tcpserver").at("/connections/closed/handler_error").asInt()).isZero();
			assertThat(actuator.json("/tcpserver").at("/findings").toString()).doesNotContain("but a heap of");
			assertThat(actuator.json("/health/liveness").at("/status").asString()).isEqualTo("UP");
			assertThat(weir.log()).doesNotContain("OutOfMemoryError");
			weir.terminate();
			assertThat(weir.exitCode()).isEqualTo(143);
		}
		finally {
			for (Socket plain : silent) {
				plain.close();
			}
		}
	}

	// Returns when its handshake is done, and goes on to send
	private static void flood(SSLSocket client) throws IOException {
		client.startHandshake();
		Thread.ofVirtual().start(() -> {
			try {
				byte[] bytes = new byte[16 * 1024];
				while (true) {
					client.getOutputStream().write(bytes);
				}
			}
			catch (IOException ex) {
				// At its end
			}
		});
	}

	// A machine that stood still is silent for a while, too
	private static void awaitSilence(Actuator actuator, long least) {
		long[] last = { 0 };
		Awaitility.await().atMost(Duration.ofSeconds(40)).pollInterval(Duration.ofSeconds(1)).until(() -> {
			long before = last[0];
			last[0] = received(actuator);
			return last[0] == before && last[0] > least;
		});
	}

	private static long received(Actuator actuator) throws Exception {
		return actuator.json("/tcpserver").at("/connections/bytesReceived").asLong();
	}

	@Test
	void whenTheFilesChangeUnderLoadThenNoClientNoticesButForTheCertificate() throws Exception {
		// As Kubernetes mounts a Secret: what is changed is a link to a directory
		Path mounted = Files.createDirectory(directory.resolve("mounted"));
		mount(mounted, "first", 1);
		Path certificate = Files.createSymbolicLink(mounted.resolve("tls.crt"), Path.of("..data", "tls.crt"));
		Path key = Files.createSymbolicLink(mounted.resolve("tls.key"), Path.of("..data", "tls.key"));
		try (WeirProcess weir = start(List.of(), List.of(), Certificates.arguments(certificate, key),
				"--tcp.server.protocol=echo", "--tcp.server.sampling.interval=100ms",
				"--spring.ssl.bundle.pem.weir.reload-on-update=true",
				"--spring.ssl.bundle.watch.file.quiet-period=300ms");
				Actuator actuator = weir.actuator();
				Load load = new Load(new TlsClient(certificates, null), weir.tcpPort())) {
			load.awaitSubject("CN=first");
			// Of those that stream, which may be in their handshakes
			JsonNode tls = Awaitility.await()
				.until(() -> actuator.json("/tcpconnections").at("/connections/0/tls"), JsonNode::isObject);
			assertThat(tls.propertyNames()).containsExactly("protocol", "cipherSuite", "peerSubject");
			assertThat(tls.get("peerSubject").isNull()).isTrue();
			mount(mounted, "second", 2);
			load.awaitSubject("CN=second");
			Path broken = Files.createDirectory(mounted.resolve("..3"));
			Files.writeString(broken.resolve("tls.crt"), "no certificate\n");
			Files.copy(certificates.file("first.key"), broken.resolve("tls.key"));
			link(mounted, 3);
			weir.awaitLog("can't be used; the certificate of CN=second stays");
			load.awaitMore(20);
			assertThat(load.subject).isEqualTo("CN=second");
			assertThat(actuator.json("/tcpserver").at("/findings").toString()).contains("can't be used");
			mount(mounted, "first", 4);
			load.awaitSubject("CN=first");
			load.end();
			assertThat(load.problems()).isEmpty();
			JsonNode closed = actuator.json("/tcpserver").at("/connections/closed");
			closed.properties()
				.stream()
				.filter((entry) -> !entry.getKey().equals("end_of_stream"))
				.forEach((entry) -> assertThat(entry.getValue().asInt()).as(entry.getKey()).isZero());
			assertThat(weir.log().lines().filter((line) -> line.contains("can't be used"))).hasSize(1);
			assertThat(weir.log().lines().filter((line) -> line.contains("WARN") && line.contains("max-connections")))
				.singleElement()
				.asString()
				.contains("8192 requested, but a heap of", "TLS");
		}
	}

	// In one step, as kubelet does it
	private static void mount(Path directory, String name, int version) throws IOException {
		Path files = Files.createDirectory(directory.resolve(".." + version));
		Files.copy(certificates.file(name + ".pem"), files.resolve("tls.crt"));
		Files.copy(certificates.file(name + ".key"), files.resolve("tls.key"));
		link(directory, version);
	}

	private static void link(Path directory, int version) throws IOException {
		Path link = Files.createSymbolicLink(directory.resolve("..new"), Path.of(".." + version));
		Files.move(link, directory.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
	}

	/**
	 * Clients that stream, and two that come and go.
	 */
	private static final class Load implements AutoCloseable {

		private final List<CompletableFuture<Void>> clients = new ArrayList<>();

		private final AtomicInteger served = new AtomicInteger();

		private final TlsClient client;

		private final int port;

		private volatile String subject = "";

		private volatile boolean ended;

		Load(TlsClient client, int port) {
			this.client = client;
			this.port = port;
			for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
				this.clients.add(CompletableFuture.runAsync(() -> stream(protocol), Load::start));
				this.clients.add(CompletableFuture.runAsync(() -> comeAndGo(protocol), Load::start));
			}
		}

		private static void start(Runnable task) {
			Thread.ofVirtual().start(task);
		}

		private void stream(String protocol) {
			Random random = new Random(7);
			byte[] bytes = new byte[10_000];
			try (SSLSocket socket = this.client.connect(this.port, protocol)) {
				while (!this.ended) {
					random.nextBytes(bytes);
					TlsClient.echo(socket, bytes);
					Thread.sleep(5);
				}
			}
			catch (IOException | InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

		private void comeAndGo(String protocol) {
			while (!this.ended) {
				try (SSLSocket socket = this.client.connect(this.port, protocol)) {
					TlsClient.echo(socket);
					this.subject = TlsClient.subject(socket);
					this.served.incrementAndGet();
					Thread.sleep(5);
				}
				catch (IOException | InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
			}
		}

		void awaitSubject(String expected) {
			Awaitility.await(expected)
				.atMost(Duration.ofSeconds(20))
				.until(() -> this.subject.equals(expected) || !problems().isEmpty());
			assertThat(problems()).isEmpty();
		}

		void awaitMore(int count) {
			int before = this.served.get();
			Awaitility.await().until(() -> this.served.get() >= before + count || !problems().isEmpty());
		}

		List<Throwable> problems() {
			return this.clients.stream()
				.filter(CompletableFuture::isCompletedExceptionally)
				.map(CompletableFuture::exceptionNow)
				.toList();
		}

		void end() {
			this.ended = true;
			Awaitility.await().until(() -> this.clients.stream().allMatch(CompletableFuture::isDone));
		}

		@Override
		public void close() {
			this.ended = true;
		}

	}

}
