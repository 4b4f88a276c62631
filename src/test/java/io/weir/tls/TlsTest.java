package io.weir.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

import io.weir.Certificates;
import io.weir.Command;
import io.weir.protocol.Protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * A server with TLS for each test that wants one, and certificates made for the class.
 */
abstract class TlsTest {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	static Path directory;

	@SuppressWarnings("NullAway.Init")
	static Certificates certificates;

	@SuppressWarnings("NullAway.Init")
	static Certificates strangers;

	@Nullable TlsServer running;

	@BeforeAll
	static void issue() throws IOException {
		certificates = new Certificates(directory).issue("server", 20)
			.issue("other", 5)
			.issue("client", 5)
			.issue("expired", -1);
		Path stranger = Files.createDirectory(directory.resolve("stranger"));
		strangers = new Certificates(stranger).issue("stranger", 5);
		for (String file : List.of("stranger.pem", "stranger.key")) {
			Files.copy(stranger.resolve(file), directory.resolve(file));
		}
	}

	@AfterEach
	void stop() {
		if (this.running != null) {
			this.running.close();
		}
	}

	TlsServer server(ClientAuth clientAuth) throws IOException {
		TlsServer server = new TlsServer(certificates, clientAuth);
		this.running = server;
		return server;
	}

	TlsServer server(Protocol protocol, Duration handshakeTimeout, Duration idleTimeout) throws IOException {
		TlsServer server = new TlsServer(certificates, protocol, ClientAuth.NONE, handshakeTimeout, idleTimeout);
		this.running = server;
		return server;
	}

	/**
	 * Runs a client written in Python to its end, without an error.
	 * @return what it printed
	 */
	static String python(String script, String... arguments) throws Exception {
		assumeTrue(Command.succeeds("python3", "--version"), "python3 is not installed");
		List<String> command = new ArrayList<>(List.of("python3", "src/test/python/" + script));
		command.addAll(List.of(arguments));
		Process python = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(python.waitFor()).as(output).isZero();
		return output;
	}

}
