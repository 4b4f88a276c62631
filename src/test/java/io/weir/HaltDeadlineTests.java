package io.weir;

import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class HaltDeadlineTests {

	@Test
	void whenTheShutdownHangsThenTheProcessEndsAllTheSame() throws Exception {
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-cp",
				location(HaltDeadline.class) + File.pathSeparator + location(Hanging.class), Hanging.class.getName())
			.inheritIO()
			.start();
		try {
			assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
			assertThat(process.exitValue()).isEqualTo(143);
		}
		finally {
			process.destroyForcibly();
		}
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
				deadline.start(Duration.ofMillis(200), 143);
				try {
					new CountDownLatch(1).await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}));
			System.exit(0);
		}

	}

}
