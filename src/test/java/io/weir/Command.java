package io.weir;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Programs of this machine that a test can do with or without.
 */
final class Command {

	private Command() {
	}

	/**
	 * Whether a program is there, ends in ten seconds, and says that all is well.
	 */
	static boolean succeeds(String... command) throws InterruptedException {
		try {
			Process process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
		}
		catch (IOException ex) {
			return false;
		}
	}

}
