package io.weir.logging;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;

/**
 * Stands before an appender that makes of an event what it will: a socket's, syslog's, a
 * user's own. It gets events with their formatted message, thread and MDC, and without
 * the caller's class and line, as from Logback's {@code AsyncAppender}.
 */
final class BufferedEvents extends BufferedAppender<ILoggingEvent> {

	// An event and its strings, and the frames of a stack trace: a guess
	private static final int EVENT = 400;

	private static final int STACK_TRACE = 8000;

	BufferedEvents(Appender<ILoggingEvent> appender, LoggerContext context) {
		super(appender, context);
	}

	@Override
	ILoggingEvent line(ILoggingEvent event) {
		event.prepareForDeferredProcessing();
		return event;
	}

	@Override
	int length(ILoggingEvent event) {
		return EVENT + 2 * event.getFormattedMessage().length()
				+ ((event.getThrowableProxy() != null) ? STACK_TRACE : 0);
	}

	@Override
	void take(ILoggingEvent event) {
		try {
			this.appender.doAppend(event);
		}
		catch (RuntimeException ex) {
			addError("Appender [" + getName() + "] failed to append", ex);
		}
	}

	@Override
	void writeTaken() {
		// Written as they were taken
	}

}
