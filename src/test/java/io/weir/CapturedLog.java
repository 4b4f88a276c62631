package io.weir;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.slf4j.LoggerFactory;

/**
 * What a logger is told while this is open; nothing of it reaches the console.
 */
public final class CapturedLog implements AutoCloseable {

	// Appended to by other threads
	private final ListAppender<ILoggingEvent> appender;

	private final Logger logger;

	private CapturedLog(String name, Level level, ListAppender<ILoggingEvent> appender) {
		this.appender = appender;
		this.logger = (Logger) LoggerFactory.getLogger(name);
		this.appender.list = new CopyOnWriteArrayList<>();
		this.appender.start();
		this.logger.addAppender(this.appender);
		this.logger.setAdditive(false);
		this.logger.setLevel(level);
	}

	public static CapturedLog debug(String name) {
		return new CapturedLog(name, Level.DEBUG, new ListAppender<>());
	}

	public static CapturedLog info(String name) {
		return new CapturedLog(name, Level.INFO, new ListAppender<>());
	}

	/**
	 * Has no memory for any line.
	 */
	public static CapturedLog withoutMemory(String name) {
		return new CapturedLog(name, Level.INFO, new ListAppender<>() {

			@Override
			protected void append(ILoggingEvent event) {
				super.append(event);
				throw new OutOfMemoryError("injected");
			}

		});
	}

	public List<ILoggingEvent> events() {
		return List.copyOf(this.appender.list);
	}

	public List<String> messages() {
		return events().stream().map(ILoggingEvent::getFormattedMessage).toList();
	}

	@Override
	public void close() {
		this.logger.detachAppender(this.appender);
		this.logger.setAdditive(true);
		this.logger.setLevel(null);
		this.appender.stop();
	}

}
