package io.weir.logging;

import java.util.Iterator;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.logging.LoggingApplicationListener;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;

/**
 * Turns Logback's consoles from standard output to standard error where records go to
 * standard output, so that what collects either has it alone.
 */
public final class LogsToStandardError implements ApplicationListener<ApplicationEnvironmentPreparedEvent>, Ordered {

	private static final String STANDARD_OUTPUT = "System.out";

	private static final String STANDARD_ERROR = "System.err";

	@Override
	public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
		turn(event.getEnvironment());
	}

	/**
	 * Turns the consoles that have no buffer before them yet.
	 * @param environment says where records go
	 */
	static void turn(Environment environment) {
		String output = environment.getProperty("tcp.server.records.output", "");
		if (output.strip().equalsIgnoreCase("stdout")
				&& LoggerFactory.getILoggerFactory() instanceof LoggerContext logs) {
			turn(logs);
		}
	}

	// After Spring Boot has set logging up. In the service NonBlockingLogging turned them
	// before
	@Override
	public int getOrder() {
		return LoggingApplicationListener.DEFAULT_ORDER + 1;
	}

	static void turn(LoggerContext context) {
		for (Logger logger : context.getLoggerList()) {
			for (Iterator<Appender<ILoggingEvent>> each = logger.iteratorForAppenders(); each.hasNext();) {
				if (each.next() instanceof ConsoleAppender<ILoggingEvent> console
						&& console.getTarget().equals(STANDARD_OUTPUT)) {
					// A start takes the new stream; a stop would end the encoder
					console.setTarget(STANDARD_ERROR);
					console.start();
				}
			}
		}
	}

}
