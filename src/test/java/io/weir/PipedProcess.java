package io.weir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The executable jar as a process whose output goes into a pipe that is full from the
 * beginning, and that nobody reads until the test does.
 */
final class PipedProcess implements AutoCloseable {

	// Of a pipe on Linux
	private static final int CAPACITY = 65536;

	private final Process process;

	private final int tcpPort;

	private final int httpPort;

	// Not one that is slow to add to: the process would drop lines
	private final Queue<String> lines = new ConcurrentLinkedQueue<>();

	private PipedProcess(Process process, int tcpPort, int httpPort) {
		this.process = process;
		this.tcpPort = tcpPort;
		this.httpPort = httpPort;
	}

	static PipedProcess start(Path directory, String... arguments) throws IOException {
		String jar = System.getProperty("weir.jar");
		assumeTrue(jar != null, "no system property weir.jar: the jar is tested after packaging");
		int tcpPort = FreePort.find();
		int httpPort = FreePort.find();
		List<String> command = new ArrayList<>(
				List.of("sh", "-c", "head -c " + (CAPACITY - 1) + " /dev/zero | tr '\\0' '#'; echo; exec \"$@\"", "sh",
						Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
						"-XX:+UseSerialGC", "-Xmx128m", "-jar", jar, "--server.port=" + httpPort,
						"--tcp.server.port=" + tcpPort, "--tcp.server.drain.grace-period=1s"));
		command.addAll(List.of(arguments));
		ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
		builder.environment().keySet().removeIf((name) -> name.startsWith("TCP_") || name.startsWith("SPRING_"));
		return new PipedProcess(builder.start(), tcpPort, httpPort);
	}

	/**
	 * Connects as soon as the server listens.
	 */
	Peer connect() {
		return Awaitility.await("a connection")
			.atMost(Duration.ofSeconds(40))
			.ignoreExceptions()
			.until(() -> Peer.connect(this.tcpPort), (peer) -> peer != null);
	}

	Actuator actuator() {
		return new Actuator(this.httpPort);
	}

	/**
	 * Reads the output from now on.
	 */
	void read() {
		Thread.ofPlatform().daemon().start(() -> {
			try (var output = this.process.inputReader(StandardCharsets.UTF_8)) {
				output.lines().forEach(this.lines::add);
			}
			catch (IOException ex) {
				this.lines.add(ex.toString());
			}
		});
	}

	List<String> lines() {
		return List.copyOf(this.lines);
	}

	/**
	 * Stops the process with SIGTERM.
	 */
	void terminate() {
		// Process.destroy() would close the pipe
		this.process.toHandle().destroy();
	}

	/**
	 * Waits for the end.
	 */
	int exitCode(Duration atMost) throws InterruptedException {
		assertThat(this.process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS))
			.as("the process ended within the time")
			.isTrue();
		return this.process.exitValue();
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
		try {
			this.process.waitFor(10, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
