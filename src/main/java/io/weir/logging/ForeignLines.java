package io.weir.logging;

import java.util.List;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import org.jspecify.annotations.Nullable;

import io.weir.text.EscapedFailure;
import io.weir.text.PeerText;

/**
 * Makes the lines of the web server and of Spring's web layer fit for the log: at DEBUG
 * and TRACE they quote what a peer has sent, line ends included.
 */
final class ForeignLines {

	private static final List<String> LOGGERS = List.of("org.apache.coyote.", "org.apache.tomcat.",
			"org.apache.catalina.", "org.springframework.web.", "org.springframework.http.");

	private ForeignLines() {
	}

	/**
	 * Escapes and cuts the texts of an event that may quote a peer.
	 * @param event of any logger
	 * @param context the logger's
	 * @return the event itself if its logger quotes no peers
	 */
	static ILoggingEvent escape(ILoggingEvent event, LoggerContext context) {
		if (LOGGERS.stream().noneMatch(event.getLoggerName()::startsWith)) {
			return event;
		}
		LoggingEvent escaped = new LoggingEvent(ForeignLines.class.getName(), context.getLogger(event.getLoggerName()),
				event.getLevel(), PeerText.escape(event.getFormattedMessage()), failure(event.getThrowableProxy()),
				null);
		escaped.setInstant(event.getInstant());
		return escaped;
	}

	private static @Nullable Throwable failure(@Nullable IThrowableProxy proxy) {
		return (proxy instanceof ThrowableProxy of) ? new EscapedFailure(of.getThrowable()) : null;
	}

}
