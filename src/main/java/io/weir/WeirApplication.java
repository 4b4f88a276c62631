package io.weir;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Starts the service.
 */
@SpringBootApplication
public class WeirApplication {

	/**
	 * Runs Weir until it is told to stop.
	 * @param args Spring Boot's command line arguments, such as
	 * {@code --tcp.server.port=0}
	 */
	public static void main(String[] args) {
		Thread.setDefaultUncaughtExceptionHandler(new ExitWithoutMemory());
		SpringApplication.run(WeirApplication.class, args);
	}

}
