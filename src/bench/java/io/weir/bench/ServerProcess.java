package io.weir.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;

/**
 * A server's process, from its start until it has ended.
 */
final class ServerProcess implements AutoCloseable {

	private static final Duration START_TIME = Duration.ofSeconds(90);

	private static final Set<Process> running = ConcurrentHashMap.newKeySet();

	private final Contender contender;

	private final Machine machine;

	private final Process process;

	private final InetSocketAddress address;

	private final InetSocketAddress actuator;

	private final Path log;

	private final @Nullable SSLContext tls;

	private final HttpClient http = HttpClient.newBuilder()
		.version(HttpClient.Version.HTTP_1_1)
		.connectTimeout(Duration.ofSeconds(5))
		.build();

	/**
	 * Starts a process, without waiting until it serves.
	 * @param contender the server
	 * @param protocol {@code tls}, which is echo over TLS, or Weir's name of a protocol
	 * @param cores how many cores it has
	 * @param machine whose cores
	 * @param logs directory for its output
	 * @throws IOException if it cannot be started
	 */
	ServerProcess(Contender contender, String protocol, int cores, Machine machine, Path logs)
			throws IOException, InterruptedException {
		this.contender = contender;
		this.machine = machine;
		int port = freePort();
		int httpPort = freePort();
		this.address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
		this.actuator = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), httpPort);
		Files.createDirectories(logs);
		Certificate certificate = protocol.equals(Scenario.TLS) ? Certificate.in(logs) : null;
		this.tls = (certificate != null) ? certificate.trusted() : null;
		List<String> command = new ArrayList<>(machine.prefix(cores));
		command.addAll(contender.command(protocol, cores, port, httpPort, certificate));
		this.log = logs.resolve(contender.name() + "-" + protocol + ".log");
		this.process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(this.log.toFile()).start();
		running.add(this.process);
	}

	/**
	 * Ends all processes at once, whatever this one's end is.
	 */
	static void endAllAtExit() {
		Runtime.getRuntime()
			.addShutdownHook(new Thread(() -> running.forEach(Process::destroyForcibly), "end-of-servers"));
	}

	// Below the ephemeral ports: those are taken by connections all the time
	private static int freePort() throws IOException {
		for (int attempt = 0; attempt < 100; attempt++) {
			int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
			try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
				return socket.getLocalPort();
			}
			catch (IOException ex) {
				// Taken, so another
			}
		}
		throw new IOException("No free port from 20000 to 32000");
	}

	/**
	 * Waits until it serves.
	 * @throws IOException if it does not in time
	 */
	void awaitStarted() throws IOException, InterruptedException {
		long end = System.nanoTime() + START_TIME.toNanos();
		while (!isServing()) {
			if (!this.process.isAlive()) {
				throw new IOException(name() + " ended with " + this.process.exitValue());
			}
			if (System.nanoTime() > end) {
				throw new IOException(name() + " does not serve after " + START_TIME.toSeconds() + " s");
			}
			Thread.sleep(100);
		}
	}

	private boolean isServing() throws InterruptedException {
		try (Socket socket = new Socket()) {
			socket.connect(this.address, 1000);
			if (this.contender.isWeir()) {
				scrape();
			}
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Reads the metrics, as Prometheus does.
	 * @return how many bytes there were
	 * @throws IOException if they can't be read
	 */
	int scrape() throws IOException, InterruptedException {
		return get("/actuator/prometheus").length;
	}

	/**
	 * Asks the actuator.
	 * @param path what for
	 * @return the answer's body
	 * @throws IOException if there is none
	 */
	byte[] get(String path) throws IOException, InterruptedException {
		URI uri = URI.create("http://127.0.0.1:" + this.actuator.getPort() + path);
		HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
		HttpResponse<byte[]> response = this.http.send(request, HttpResponse.BodyHandlers.ofByteArray());
		if (response.statusCode() != 200) {
			throw new IOException(uri + " answers " + response.statusCode());
		}
		return response.body();
	}

	String name() {
		return this.contender.name();
	}

	InetSocketAddress address() {
		return this.address;
	}

	/**
	 * What its clients protect their connections with.
	 * @return null for none
	 */
	@Nullable SSLContext tls() {
		return this.tls;
	}

	InetSocketAddress actuator() {
		return this.actuator;
	}

	Path log() {
		return this.log;
	}

	long pid() {
		return this.process.pid();
	}

	/**
	 * Asks it to end (SIGTERM).
	 * @param atMost how long it may take
	 * @return its exit code
	 * @throws IOException if it has not ended by then
	 */
	int terminate(Duration atMost) throws IOException, InterruptedException {
		this.process.destroy();
		if (!this.process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
			throw new IOException(name() + " has not ended " + atMost.toSeconds() + " s after SIGTERM");
		}
		return this.process.exitValue();
	}

	double cpuNanos() {
		return this.machine.cpuNanos(this.process.pid());
	}

	double residentBytes() {
		return Machine.residentBytes(this.process.pid());
	}

	double threadNanos(String thread) throws IOException {
		return Machine.threadNanos(this.process.pid(), thread);
	}

	@Override
	public void close() {
		this.http.shutdownNow();
		this.process.destroy();
		try {
			if (!this.process.waitFor(10, TimeUnit.SECONDS)) {
				this.process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
			}
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
		running.remove(this.process);
	}

}
