package io.weir.logging;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;

/**
 * Stands before an appender that writes to a stream (console, file, rolling file), so
 * that a stream that takes nothing blocks no thread that logs. The thread that logs
 * formats its line; a daemon thread has the appender write lines, up to 64 KiB at a time.
 */
final class BufferedAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {

	/**
	 * The most memory that lines take, in bytes.
	 */
	static final long CAPACITY = 4 << 20;

	private static final int BATCH = 64 << 10;

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final OutputStreamAppender<ILoggingEvent> appender;

	private final Encoder<ILoggingEvent> encoder;

	private final Logger logger;

	private final LineBuffer buffer = new LineBuffer(CAPACITY, this::droppedLine);

	private final Batch batch = new Batch();

	private final Thread writer;

	/**
	 * Creates a buffer for an appender, whose filters and encoder it takes over.
	 * @param appender started; the loggers no longer call it
	 * @param context the appender's
	 */
	BufferedAppender(OutputStreamAppender<ILoggingEvent> appender, LoggerContext context) {
		this.appender = appender;
		this.encoder = appender.getEncoder();
		this.logger = context.getLogger(BufferedAppender.class);
		this.writer = Thread.ofPlatform().daemon().name("weir-log-" + appender.getName()).unstarted(this::write);
		setContext(context);
		setName(appender.getName());
	}

	@Override
	public void start() {
		this.appender.getCopyOfAttachedFiltersList().forEach(this::addFilter);
		this.appender.clearAllFilters();
		this.batch.setContext(getContext());
		this.batch.start();
		this.appender.setEncoder(this.batch);
		super.start();
		this.writer.start();
	}

	@Override
	protected void append(ILoggingEvent event) {
		if (!this.buffer.drops()) {
			this.buffer.add(this.encoder.encode(event));
		}
	}

	private byte[] droppedLine(long count) {
		return this.encoder.encode(event("{} log lines were dropped: the output {} took them too slowly", count));
	}

	private LoggingEvent event(String message, long count) {
		return new LoggingEvent(BufferedAppender.class.getName(), this.logger, Level.WARN, message, null,
				new Object[] { count, getName() });
	}

	private void write() {
		LoggingEvent event = event("{} bytes for {}", BATCH);
		while (this.buffer.take(this.batch.lines, BATCH)) {
			this.appender.doAppend(event);
			this.batch.lines.reset();
		}
		// Closes the stream
		this.appender.stop();
		this.encoder.stop();
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

	/**
	 * The encoder that the appender has now: gives it lines that are encoded already.
	 */
	private final class Batch extends EncoderBase<ILoggingEvent> {

		private final ByteArrayOutputStream lines = new ByteArrayOutputStream(BATCH);

		@Override
		public byte[] encode(ILoggingEvent event) {
			return this.lines.toByteArray();
		}

		@Override
		public byte[] headerBytes() {
			return BufferedAppender.this.encoder.headerBytes();
		}

		@Override
		public byte[] footerBytes() {
			return BufferedAppender.this.encoder.footerBytes();
		}

	}

}
