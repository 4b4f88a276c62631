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
import org.springframework.boot.context.event.ApplicationFailedEvent;
import org.springframework.boot.context.event.SpringApplicationEvent;
import org.springframework.boot.context.logging.LoggingApplicationListener;
import org.springframework.boot.logging.LoggingInitializationContext;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.env.StandardEnvironment;

/**
 * Puts a bounded buffer before each appender that Spring Boot, or a configuration of the
 * user's, has set up for Logback. A thread that logs then never waits for the output;
 * what does not fit is dropped and counted.
 * <p>
 * Where a start fails before Spring Boot has set logging up, because a configuration file
 * can't be read, it is set up with its defaults, so that the report looks as any other.
 */
public final class NonBlockingLogging implements ApplicationListener<SpringApplicationEvent>, Ordered {

	private boolean prepared;

	@Override
	public void onApplicationEvent(SpringApplicationEvent event) {
		switch (event) {
			case ApplicationEnvironmentPreparedEvent ready -> {
				this.prepared = true;
				LogsToStandardError.turn(ready.getEnvironment());
				wrap();
			}
			case ApplicationFailedEvent failed when !this.prepared -> {
				LoggingSystem.get(failed.getSpringApplication().getClassLoader())
					.initialize(new LoggingInitializationContext(new StandardEnvironment()), null, null);
				wrap();
			}
			default -> {
			}
		}
	}

	private static void wrap() {
		if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
			wrap(context);
		}
	}

	// Right after Spring Boot has set logging up: of two with the same order the one that
	// was added to the application comes last. The next listener may log already
	@Override
	public int getOrder() {
		return LoggingApplicationListener.DEFAULT_ORDER;
	}

	static void wrap(LoggerContext context) {
		// Logback reads a configuration again when its file has changed, if that says so
		context.addConfigurationEventListener((_) -> wrapAppenders(context));
		wrapAppenders(context);
	}

	private static void wrapAppenders(LoggerContext context) {
		IdentityHashMap<Appender<ILoggingEvent>, BufferedAppender<?>> wrappers = new IdentityHashMap<>();
		for (Logger logger : context.getLoggerList()) {
			for (Appender<ILoggingEvent> appender : appenders(logger)) {
				if (appender.isStarted() && !(appender instanceof BufferedAppender<?>)) {
					logger.detachAppender(appender);
					logger.addAppender(wrappers.computeIfAbsent(appender, (_) -> start(appender, context)));
				}
			}
		}
	}

	private static BufferedAppender<?> start(Appender<ILoggingEvent> appender, LoggerContext context) {
		BufferedAppender<?> wrapper = (appender instanceof OutputStreamAppender<ILoggingEvent> output)
				? new BufferedStream(output, context) : new BufferedEvents(appender, context);
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
					if (appender instanceof BufferedAppender<?> buffered) {
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
