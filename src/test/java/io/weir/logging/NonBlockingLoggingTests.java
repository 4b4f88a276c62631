package io.weir.logging;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.OutputStreamAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class NonBlockingLoggingTests {

	private final LoggerContext context = new LoggerContext();

	private final Logger logger = this.context.getLogger(Logger.ROOT_LOGGER_NAME);

	private final OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();

	private final Blockable output = new Blockable();

	@BeforeEach
	void configure() {
		PatternLayoutEncoder encoder = new PatternLayoutEncoder();
		this.context.setMDCAdapter(new LogbackMDCAdapter());
		encoder.setContext(this.context);
		encoder.setPattern("%level %msg%n");
		encoder.start();
		ThresholdFilter filter = new ThresholdFilter();
		filter.setLevel("INFO");
		filter.start();
		this.appender.setContext(this.context);
		this.appender.setName("OUTPUT");
		this.appender.setEncoder(encoder);
		this.appender.setOutputStream(this.output);
		this.appender.addFilter(filter);
		this.appender.start();
		this.logger.setLevel(Level.DEBUG);
		this.logger.addAppender(this.appender);
		NonBlockingLogging.wrap(this.context);
	}

	@AfterEach
	void release() {
		this.output.open.countDown();
		this.context.stop();
	}

	@Test
	void whenTheOutputBlocksThenNoThreadThatLogsWaits() throws Exception {
		int lines = 100_000;
		for (int i = 0; i < lines; i++) {
			this.logger.info("{}", i);
		}
		this.output.open.countDown();
		BufferedAppender wrapper = (BufferedAppender) this.logger.getAppender("OUTPUT");
		assertThat(wrapper.flush(Duration.ofSeconds(20))).isTrue();
		String[] written = this.output.text().lines().toArray(String[]::new);
		int kept = written.length - 1;
		assertThat(kept).isBetween(10_000, lines - 1);
		for (int i = 0; i < kept; i++) {
			assertThat(written[i]).isEqualTo("INFO " + i);
		}
		assertThat(written[kept])
			.isEqualTo("WARN " + (lines - kept) + " log lines were dropped: the output OUTPUT took them too slowly");
	}

	@Test
	void whenTheAppenderHasAFilterThenItHoldsForEachLine() {
		this.output.open.countDown();
		this.logger.debug("no");
		this.logger.info("yes");
		this.context.stop();
		assertThat(this.output.text()).isEqualTo("INFO yes\n");
	}

	@Test
	void whenLoggingStopsThenWhatIsThereIsWrittenAndTheStreamClosed() {
		this.output.open.countDown();
		for (int i = 0; i < 10_000; i++) {
			this.logger.info("{}", i);
		}
		this.context.stop();
		assertThat(this.output.text().lines()).hasSize(10_000).endsWith("INFO 9999");
		assertThat(this.output.closed).isTrue();
		assertThat(this.appender.isStarted()).isFalse();
	}

	@Test
	void whenTheOutputBlocksThenStoppingTakesASecondAtMost() {
		this.logger.info("a");
		long begin = System.nanoTime();
		this.context.stop();
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(3));
		assertThat(this.output.text()).isEmpty();
	}

	@Test
	void whenItIsWrappedTwiceThenOneBufferStandsThere() {
		NonBlockingLogging.wrap(this.context);
		assertThat(this.logger.iteratorForAppenders()).toIterable().hasSize(1);
	}

	/**
	 * Takes nothing until it is open.
	 */
	private static final class Blockable extends OutputStream {

		private final CountDownLatch open = new CountDownLatch(1);

		private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

		private volatile boolean closed;

		@Override
		public void write(int value) throws IOException {
			write(new byte[] { (byte) value }, 0, 1);
		}

		@Override
		public void write(byte[] values, int offset, int length) throws IOException {
			try {
				this.open.await();
			}
			catch (InterruptedException ex) {
				throw new IOException(ex);
			}
			this.bytes.write(values, offset, length);
		}

		@Override
		public void close() {
			this.closed = true;
		}

		private String text() {
			return this.bytes.toString(StandardCharsets.UTF_8);
		}

	}

}
