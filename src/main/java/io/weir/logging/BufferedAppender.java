package io.weir.logging;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;

/**
 * Stands before an appender, so that an output that takes nothing blocks no thread that
 * logs: a daemon thread calls the appender.
 *
 * @param <T> a line as it waits
 */
abstract class BufferedAppender<T> extends UnsynchronizedAppenderBase<ILoggingEvent> {

	/**
	 * The most memory that lines take, in bytes.
	 */
	static final int CAPACITY = 4 << 20;

	/**
	 * Bytes that are written at once.
	 */
	static final int BATCH = 64 << 10;

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	/** What the lines are for. */
	final Appender<ILoggingEvent> appender;

	private final Logger logger;

	private final LineBuffer<T> buffer = new LineBuffer<>(CAPACITY, this::length, this::droppedLine);

	private final Thread writer;

	/**
	 * Creates a buffer for an appender, whose filters it takes over.
	 * @param appender started; the loggers no longer call it
	 * @param context the appender's
	 */
	BufferedAppender(Appender<ILoggingEvent> appender, LoggerContext context) {
		this.appender = appender;
		this.logger = context.getLogger(BufferedAppender.class);
		this.writer = Thread.ofPlatform().daemon().name("weir-log-" + appender.getName()).unstarted(this::write);
		setContext(context);
		setName(appender.getName());
	}

	/**
	 * What waits of an event. Called by the thread that logs.
	 */
	abstract T line(ILoggingEvent event);

	/**
	 * The memory that a line takes, in bytes.
	 */
	abstract int length(T line);

	/**
	 * Takes a line for the appender. Called by the thread that writes.
	 */
	abstract void take(T line);

	/**
	 * Has the appender write what was taken. Called by the thread that writes.
	 */
	abstract void writeTaken();

	@Override
	public void start() {
		this.appender.getCopyOfAttachedFiltersList().forEach(this::addFilter);
		this.appender.clearAllFilters();
		super.start();
		this.writer.start();
	}

	@Override
	protected void append(ILoggingEvent event) {
		// What the appender itself logs while it writes would come back to it for ever
		if (Thread.currentThread() != this.writer && !this.buffer.drops()) {
			this.buffer.add(line(ForeignLines.escape(event, this.logger.getLoggerContext())));
		}
	}

	private T droppedLine(long count) {
		return line(event("{} log lines were dropped: the output {} took them too slowly", count, getName()));
	}

	/**
	 * An event of this class's own.
	 */
	final LoggingEvent event(String message, Object... arguments) {
		return new LoggingEvent(BufferedAppender.class.getName(), this.logger, Level.WARN, message, null, arguments);
	}

	private void write() {
		while (this.buffer.take(this::take, BATCH)) {
			writeTaken();
		}
		end();
	}

	/**
	 * Stops the appender, which closes its stream or connection. Called by the thread
	 * that writes, after the last line.
	 */
	void end() {
		this.appender.stop();
	}

	/**
	 * Waits until all that was logged is written.
	 * @return false if the time was over before
	 */
	boolean flush(Duration timeout) {
		long begin = System.nanoTime();
		while (!this.buffer.isIdle()) {
			if (System.nanoTime() - begin > timeout.toNanos() || Thread.currentThread().isInterrupted()) {
				return false;
			}
			LockSupport.parkNanos(1_000_000);
		}
		return true;
	}

	/**
	 * Waits for at most a second until all that was logged is written.
	 */
	@Override
	public void stop() {
		if (!isStarted()) {
			return;
		}
		super.stop();
		this.buffer.close();
		try {
			this.writer.join(STOP_TIMEOUT);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
