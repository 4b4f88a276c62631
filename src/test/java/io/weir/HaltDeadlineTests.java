package io.weir;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class HaltDeadlineTests {

	@Test
	void whenTheShutdownHangsThenTheProcessEndsWhenTheTimeIsOver() throws Exception {
		Process process = start(Hanging.class);
		try {
			assertThat(process.inputReader().readLine()).isEqualTo("not at once");
			assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
			assertThat(process.exitValue()).isEqualTo(143);
		}
		finally {
			process.destroyForcibly();
		}
	}

	@Test
	void whenTheTimeIsNotStartedThenTheProcessEndsByItself() throws Exception {
		Process process = start(Ending.class);
		try {
			assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
			assertThat(process.exitValue()).isZero();
		}
		finally {
			process.destroyForcibly();
		}
	}

	private static Process start(Class<?> main) throws IOException, URISyntaxException {
		return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-cp", location(HaltDeadline.class) + File.pathSeparator + location(main),
				main.getName())
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
	}

	private static Path location(Class<?> type) throws URISyntaxException {
		return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
	}

	/**
	 * Its shutdown waits for ever, but for the deadline.
	 */
	static final class Hanging {

		private Hanging() {
		}

		public static void main(String[] args) {
			HaltDeadline deadline = new HaltDeadline();
			Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
				deadline.start(Duration.ofSeconds(3), 143);
				// Changes nothing
				deadline.start(Duration.ofDays(1), 7);
				try {
					TimeUnit.MILLISECONDS.sleep(100);
					System.out.println("not at once");
					new CountDownLatch(1).await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}));
			System.exit(0);
		}

	}

	/**
	 * Has a deadline that nobody starts.
	 */
	static final class Ending {

		private Ending() {
		}

		public static void main(String[] args) {
			new HaltDeadline();
		}

	}

}
