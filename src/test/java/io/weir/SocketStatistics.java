package io.weir;

import java.io.IOException;
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
	public static void assumeAvailable() throws InterruptedException {
		assumeTrue(Command.succeeds("ss", "-V"), "ss (iproute2) is not installed");
	}

	public static SocketStatistics listener(int port) throws IOException {
		return only(Command.output("ss", "-H", "-O", "-ltnm", "sport", "=", ":" + port));
	}

	/**
	 * The server's side of a connection.
	 */
	public static SocketStatistics connection(int port, int peerPort) throws IOException {
		return only(Command.output("ss", "-H", "-O", "-tnmoi", "sport", "=", ":" + port, "and", "dport", "=",
				":" + peerPort));
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

}
