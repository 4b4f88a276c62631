package io.weir;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import org.slf4j.LoggerFactory;

import io.weir.text.EscapedFailure;

/**
 * Ends the process when a thread has ended for lack of memory: it may have been the one
 * that accepts, or the web server's, and a process without it looks alive and serves no
 * one. What a connection's handler throws does not get here: it ends that connection.
 *
 * @param deadline ends the process if the message cannot be written
 */
record ExitWithoutMemory(HaltDeadline deadline) implements Thread.UncaughtExceptionHandler {

	/**
	 * As of the JVM's {@code -XX:+ExitOnOutOfMemoryError}.
	 */
	static final int EXIT_CODE = 3;

	private static final byte[] MESSAGE = "A thread ended for lack of memory, so the process ends. What to do: give the "
		.concat("JVM more memory (-Xmx, -XX:MaxRAMPercentage), or lower tcp.server.max-connections; if it lacked threads, raise their limit (ulimit -u, pids)\n")
		.getBytes(StandardCharsets.US_ASCII);

	// In case that nobody reads what is written to standard error
	private static final Duration WRITE_TIMEOUT = Duration.ofSeconds(1);

	@Override
	public void uncaughtException(Thread thread, Throwable failure) {
		if (failure instanceof OutOfMemoryError) {
			this.deadline.start(WRITE_TIMEOUT, EXIT_CODE);
			try {
				System.err.write(MESSAGE, 0, MESSAGE.length);
			}
			finally {
				// No shutdown hook: a drain needs memory
				Runtime.getRuntime().halt(EXIT_CODE);
			}
		}
		// Not to standard error, which may take nothing: others that end would wait, too
		LoggerFactory.getLogger(ExitWithoutMemory.class)
			.error("Thread {} has ended", thread.getName(), new EscapedFailure(failure));
	}

}
