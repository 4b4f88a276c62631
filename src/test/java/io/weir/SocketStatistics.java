package io.weir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * A socket as {@code ss} shows it: what the kernel has, by another way than the one under
 * test.
 *
 * @param text the socket's line, its details included
 */
public record SocketStatistics(String text) {

	/**
	 * Skips the test where there is no {@code ss}.
	 */
	public static void assumeAvailable() {
		boolean available;
		try {
			available = run("ss", "-V").contains("iproute2");
		}
		catch (IOException ex) {
			available = false;
		}
		assumeTrue(available, "ss (iproute2) is not installed");
	}

	public static SocketStatistics listener(int port) throws IOException {
		return only(run("ss", "-H", "-O", "-ltnm", "sport", "=", ":" + port));
	}

	/**
	 * The server's side of a connection.
	 */
	public static SocketStatistics connection(int port, int peerPort) throws IOException {
		return only(run("ss", "-H", "-O", "-tnmoi", "sport", "=", ":" + port, "and", "dport", "=", ":" + peerPort));
	}

	private static SocketStatistics only(String output) {
		assertThat(output.lines()).as(output).hasSize(1);
		return new SocketStatistics(output.strip());
	}

	/**
	 * Send-Q: the backlog of a listener.
	 */
	public long sendQueue() {
		return Long.parseLong(this.text.split("\\s+", -1)[2]);
	}

	/**
	 * One figure of skmem, for instance {@code rb}.
	 */
	public long memory(String name) {
		Matcher matcher = Pattern.compile("[(,]" + name + "(\\d+)").matcher(this.text);
		assertThat(matcher.find()).as(this.text).isTrue();
		return Long.parseLong(matcher.group(1));
	}

	private static String run(String... command) throws IOException {
		Process process = new ProcessBuilder(new ArrayList<>(List.of(command))).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		try {
			assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
		return output;
	}

}
