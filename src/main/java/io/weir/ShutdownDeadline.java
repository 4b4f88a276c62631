package io.weir;

import java.time.Duration;

import org.springframework.boot.context.event.ApplicationPreparedEvent;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationListener;

/**
 * Ends the process after the stop signal whatever hangs: 7.5 s after the drain's delay
 * and grace period. The drain, the web server and the log end before by themselves.
 */
final class ShutdownDeadline implements ApplicationListener<ApplicationPreparedEvent> {

	/**
	 * As of a process that ends by SIGTERM.
	 */
	static final int EXIT_CODE = 143;

	private static final Duration RESERVE = Duration.ofMillis(7_500);

	private volatile Duration drain = Duration.ZERO;

	/**
	 * Creates the hook.
	 * @param deadline started when the JVM begins to shut down
	 */
	ShutdownDeadline(HaltDeadline deadline) {
		Runtime.getRuntime()
			.addShutdownHook(Thread.ofPlatform()
				.name("weir-shutdown-deadline")
				.unstarted(() -> deadline.start(this.drain.plus(RESERVE), EXIT_CODE)));
	}

	@Override
	public void onApplicationEvent(ApplicationPreparedEvent event) {
		Binder binder = Binder.get(event.getApplicationContext().getEnvironment());
		// A value that does not fit has been reported before
		this.drain = binder.bind("tcp.server.drain.delay", Duration.class)
			.orElse(Duration.ZERO)
			.plus(binder.bind("tcp.server.drain.grace-period", Duration.class).orElse(Duration.ofSeconds(20)));
	}

}
