package io.weir.logging;

import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.logging.LoggingApplicationListener;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;

/**
 * Puts a bounded buffer before each console and file that Spring Boot, or a configuration
 * of the user's, has set up for Logback. A thread that logs then never waits for the
 * output; what does not fit is dropped and counted.
 */
public final class NonBlockingLogging implements ApplicationListener<ApplicationEnvironmentPreparedEvent>, Ordered {

	@Override
	public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
		if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
			wrap(context);
		}
	}

	// Right after Spring Boot has set logging up: of two with the same order the one that
	// was added to the application comes last
	@Override
	public int getOrder() {
		return LoggingApplicationListener.DEFAULT_ORDER;
	}

	static void wrap(LoggerContext context) {
		IdentityHashMap<Appender<ILoggingEvent>, BufferedAppender> wrappers = new IdentityHashMap<>();
		for (Logger logger : context.getLoggerList()) {
			for (Appender<ILoggingEvent> appender : appenders(logger)) {
				if (appender instanceof OutputStreamAppender<ILoggingEvent> output && output.isStarted()) {
					logger.detachAppender(output);
					logger.addAppender(wrappers.computeIfAbsent(output, (_) -> start(output, context)));
				}
			}
		}
	}

	private static BufferedAppender start(OutputStreamAppender<ILoggingEvent> output, LoggerContext context) {
		BufferedAppender wrapper = new BufferedAppender(output, context);
		wrapper.start();
		return wrapper;
	}

	/**
	 * Waits until all that was logged is written, for instance the report of a failed
	 * start before the process ends.
	 * @param timeout for each output
	 */
	public static void flush(Duration timeout) {
		if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
			for (Logger logger : context.getLoggerList()) {
				for (Appender<ILoggingEvent> appender : appenders(logger)) {
					if (appender instanceof BufferedAppender buffered) {
						buffered.flush(timeout);
					}
				}
			}
		}
	}

	private static List<Appender<ILoggingEvent>> appenders(Logger logger) {
		List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
		for (Iterator<Appender<ILoggingEvent>> each = logger.iteratorForAppenders(); each.hasNext();) {
			appenders.add(each.next());
		}
		return appenders;
	}

}
