package io.weir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Programs of this machine that a test can do with or without.
 */
public final class Command {

	private Command() {
	}

	/**
	 * Whether a program is there, ends in a minute, and says that all is well.
	 */
	public static boolean succeeds(String... command) throws InterruptedException {
		try {
			Process process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Runs a program to its end.
	 * @return what it writes
	 * @throws IOException if it is not there, takes 10 s, or says that something is wrong
	 */
	public static String output(String... command) throws IOException {
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		try {
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
				throw new IOException(String.join(" ", command) + ": " + output);
			}
			return output;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IOException(ex);
		}
		finally {
			process.destroyForcibly();
		}
	}

	/**
	 * What a program has written into a file, or why that can't be read.
	 */
	static String written(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

	/**
	 * What to put before a command that shall run on some of the processors only; skips
	 * the test where that can't be had.
	 * @param count how many processors
	 */
	static List<String> onProcessors(int count) throws InterruptedException {
		return prefix("taskset", "--cpu-list", (count == 1) ? "0" : "0-" + (count - 1));
	}

	/**
	 * What to put before a command that shall have few file descriptors; skips the test
	 * where that can't be had.
	 */
	static List<String> withDescriptors(int limit) throws InterruptedException {
		return prefix("prlimit", "--nofile=" + limit);
	}

	private static List<String> prefix(String... command) throws InterruptedException {
		List<String> prefix = List.of(command);
		assumeTrue(succeeds(Stream.concat(prefix.stream(), Stream.of("true")).toArray(String[]::new)),
				() -> "\"" + String.join(" ", command) + "\" can't be run");
		return prefix;
	}

}
