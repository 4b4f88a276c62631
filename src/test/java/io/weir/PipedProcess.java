package io.weir;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.awaitility.Awaitility;

/**
 * The executable jar as a process whose output goes into a pipe that is full from the
 * beginning, and that nobody reads until the test does.
 */
final class PipedProcess implements AutoCloseable {

	// Of a pipe on Linux
	private static final int CAPACITY = 65536;

	private static final List<String> INTO_A_FULL_PIPE = List.of("sh", "-c",
			"head -c " + (CAPACITY - 1) + " /dev/zero | tr '\\0' '#'; echo; exec \"$@\"", "sh");

	private final WeirProcess process;

	private final int tcpPort;

	private final int httpPort;

	private PipedProcess(WeirProcess process, int tcpPort, int httpPort) {
		this.process = process;
		this.tcpPort = tcpPort;
		this.httpPort = httpPort;
	}

	static PipedProcess start(Path directory, String... arguments) throws IOException {
		return start(List.of(), directory, arguments);
	}

	static PipedProcess start(List<String> options, Path directory, String... arguments) throws IOException {
		// No log tells them
		int tcpPort = FreePort.find();
		int httpPort = FreePort.find();
		Stream<String> all = Stream.concat(Stream.of("--server.port=" + httpPort, "--tcp.server.port=" + tcpPort,
				"--tcp.server.drain.grace-period=1s"), Stream.of(arguments));
		return new PipedProcess(
				WeirProcess.startUnread(INTO_A_FULL_PIPE, options, directory, Map.of(), all.toArray(String[]::new)),
				tcpPort, httpPort);
	}

	int tcpPort() {
		return this.tcpPort;
	}

	/**
	 * Connects as soon as the server listens.
	 */
	Peer connect() {
		return Awaitility.await("a connection")
			.atMost(Duration.ofSeconds(60))
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
		this.process.startToRead();
	}

	List<String> lines() {
		return this.process.lines();
	}

	/**
	 * Stops the process with SIGTERM.
	 */
	void terminate() {
		this.process.terminate();
	}

	/**
	 * Waits for the end.
	 */
	int exitCode(Duration atMost) throws InterruptedException {
		return this.process.exitCode(atMost);
	}

	@Override
	public void close() {
		this.process.close();
	}

}
