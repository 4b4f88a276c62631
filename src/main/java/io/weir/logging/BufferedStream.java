package io.weir.logging;

import java.io.ByteArrayOutputStream;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;

/**
 * Stands before an appender that writes to a stream: console, file, rolling file. The
 * thread that logs formats its line; the appender writes many at once.
 */
final class BufferedStream extends BufferedAppender<byte[]> {

	private final Encoder<ILoggingEvent> encoder;

	private final Batch batch = new Batch();

	private final ILoggingEvent batchEvent = event("lines");

	/**
	 * Creates a buffer for an appender, whose encoder it takes over.
	 */
	BufferedStream(OutputStreamAppender<ILoggingEvent> appender, LoggerContext context) {
		super(appender, context);
		this.encoder = appender.getEncoder();
		this.batch.setContext(context);
		this.batch.start();
		appender.setEncoder(this.batch);
	}

	@Override
	byte[] line(ILoggingEvent event) {
		return this.encoder.encode(event);
	}

	@Override
	int length(byte[] line) {
		return line.length;
	}

	@Override
	void take(byte[] line) {
		this.batch.lines.writeBytes(line);
	}

	@Override
	void writeTaken() {
		this.appender.doAppend(this.batchEvent);
		this.batch.lines.reset();
	}

	@Override
	void end() {
		super.end();
		this.encoder.stop();
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
			return BufferedStream.this.encoder.headerBytes();
		}

		@Override
		public byte[] footerBytes() {
			return BufferedStream.this.encoder.footerBytes();
		}

	}

}
