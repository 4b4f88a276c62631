package io.weir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code openssl s_client}, with a line of its standard input for each thing to do.
 */
public final class OpenSslClient implements AutoCloseable {

	private final Process process;

	private volatile String output = "";

	private final Thread reader;

	public OpenSslClient(int port, Certificates certificates, String... arguments) throws IOException {
		List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect", "127.0.0.1:" + port,
				"-CAfile", certificates.file("ca.pem").toString()));
		command.addAll(List.of(arguments));
		this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
		this.reader = Thread.ofPlatform().daemon().start(this::read);
	}

	private void read() {
		byte[] buffer = new byte[8192];
		try {
			int count = this.process.getInputStream().read(buffer);
			while (count >= 0) {
				append(new String(buffer, 0, count, StandardCharsets.ISO_8859_1));
				count = this.process.getInputStream().read(buffer);
			}
		}
		catch (IOException ex) {
			append(ex.toString());
		}
	}

	// On one thread
	@SuppressWarnings("NonAtomicVolatileUpdate")
	private void append(String text) {
		this.output += text;
	}

	public OpenSslClient send(String line) throws IOException {
		this.process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
		this.process.getOutputStream().flush();
		return this;
	}

	public OpenSslClient await(String text) {
		Awaitility.await("\"" + text + "\"")
			.pollInterval(java.time.Duration.ofMillis(10))
			.until(() -> this.output, (output) -> output.contains(text));
		return this;
	}

	/**
	 * What it has said so far.
	 */
	public String seen() {
		return this.output;
	}

	/**
	 * Ends the input, upon which it says close_notify and goes.
	 */
	public OpenSslClient end() throws IOException {
		this.process.getOutputStream().close();
		return this;
	}

	/**
	 * Waits for its end.
	 */
	public String output() throws InterruptedException {
		assertThat(this.process.waitFor(10, TimeUnit.SECONDS)).as(() -> this.output).isTrue();
		this.reader.join(5000);
		return this.output;
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

}
