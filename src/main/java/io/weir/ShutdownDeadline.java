package io.weir;

import java.time.Duration;

import org.springframework.boot.context.event.ApplicationPreparedEvent;
import org.springframework.boot.context.properties.bind.BindException;
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

	private static final Duration MAX = Duration.ofDays(1);

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
		this.drain = duration(binder, "tcp.server.drain.delay", Duration.ZERO)
			.plus(duration(binder, "tcp.server.drain.grace-period", Duration.ofSeconds(20)));
	}

	private static Duration duration(Binder binder, String name, Duration byDefault) {
		try {
			Duration value = binder.bind(name, Duration.class).orElse(byDefault);
			return (value.compareTo(MAX) < 0) ? value : MAX;
		}
		catch (BindException ex) {
			// The start fails with a report of its own
			return byDefault;
		}
	}

}
