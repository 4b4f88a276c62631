package io.weir;

import java.time.Duration;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

import io.weir.logging.NonBlockingLogging;

/**
 * Starts the service.
 */
// The web server's own settings are the service's, not the library's
@SpringBootApplication(scanBasePackages = "io.weir.web")
public class WeirApplication {

	// A report of a failed start waits so long for an output that takes nothing
	private static final Duration REPORT_TIMEOUT = Duration.ofSeconds(5);

	/**
	 * Runs Weir until it is told to stop.
	 * @param args Spring Boot's command line arguments, such as
	 * {@code --tcp.server.port=0}
	 */
	public static void main(String[] args) {
		HaltDeadline deadline = new HaltDeadline();
		Thread.setDefaultUncaughtExceptionHandler(new ExitWithoutMemory(deadline));
		SpringApplication application = new SpringApplication(WeirApplication.class);
		application.addListeners(new NonBlockingLogging(), new ShutdownDeadline(deadline));
		try {
			application.run(args);
		}
		catch (RuntimeException | Error ex) {
			NonBlockingLogging.flush(REPORT_TIMEOUT);
			throw ex;
		}
	}

}
