package io.weir.logging;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.spi.ConfigurationEvent;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class NonBlockingLoggingTests {

	private final LoggerContext context = new LoggerContext();

	private final Logger logger = this.context.getLogger(Logger.ROOT_LOGGER_NAME);

	private final OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();

	private final Blockable output = new Blockable();

	@BeforeEach
	void configure() {
		this.context.setMDCAdapter(new LogbackMDCAdapter());
		this.logger.setLevel(Level.DEBUG);
		configure("INFO");
	}

	private void configure(String threshold) {
		PatternLayoutEncoder encoder = new PatternLayoutEncoder();
		encoder.setContext(this.context);
		encoder.setPattern("%level %msg%n");
		encoder.start();
		ThresholdFilter filter = new ThresholdFilter();
		filter.setLevel(threshold);
		filter.start();
		this.appender.setContext(this.context);
		this.appender.setName("OUTPUT");
		this.appender.setEncoder(encoder);
		this.appender.setOutputStream(this.output);
		this.appender.clearAllFilters();
		this.appender.addFilter(filter);
		this.appender.start();
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
		flush("OUTPUT");
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
		end(this.context::stop);
		assertThat(this.output.text()).isEqualTo("INFO yes\n");
	}

	@Test
	void whenTheFilterTakesOnlySomeLevelThenItsLinesAreWritten() {
		this.output.open.countDown();
		end(this.context::reset);
		configure("ERROR");
		this.logger.warn("no");
		this.logger.error("yes");
		end(this.context::stop);
		assertThat(this.output.text()).isEqualTo("ERROR yes\n");
	}

	@Test
	void whenLoggingStopsThenWhatIsThereIsWrittenAndTheStreamClosed() {
		this.output.open.countDown();
		for (int i = 0; i < 10_000; i++) {
			this.logger.info("{}", i);
		}
		end(this.context::stop);
		assertThat(this.output.text().lines()).hasSize(10_000).endsWith("INFO 9999");
		assertThat(this.output.closed).isTrue();
		assertThat(this.appender.isStarted()).isFalse();
	}

	@Test
	void whenTheOutputBlocksThenStoppingTakesASecondAtMost() {
		this.logger.info("a");
		long begin = System.nanoTime();
		this.context.stop();
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
		assertThat(this.output.text()).isEmpty();
	}

	@Test
	void whenItIsWrappedTwiceThenOneBufferStandsThere() {
		Appender<ILoggingEvent> wrapper = this.logger.getAppender("OUTPUT");
		NonBlockingLogging.wrap(this.context);
		assertThat(this.logger.iteratorForAppenders()).toIterable().containsExactly(wrapper);
	}

	@Test
	void whenAnAppenderOfAnotherKindBlocksThenNoThreadThatLogsWaits() {
		Collecting collecting = attach(new Collecting());
		int lines = 100_000;
		for (int i = 0; i < lines; i++) {
			this.logger.info("{}", i);
		}
		assertThat(collecting.messages).isEmpty();
		collecting.open.countDown();
		flush("COLLECTING");
		int kept = collecting.messages.size() - 1;
		assertThat(kept).isBetween(1_000, lines - 1);
		for (int i = 0; i < kept; i++) {
			assertThat(collecting.messages.get(i)).isEqualTo(Integer.toString(i));
		}
		assertThat(collecting.messages.get(kept))
			.isEqualTo((lines - kept) + " log lines were dropped: the output COLLECTING took them too slowly");
	}

	@Test
	void whenAnAppenderOfAnotherKindWritesLateThenTheEventIsAsItWasLogged() {
		Collecting collecting = attach(new Collecting());
		StringBuilder argument = new StringBuilder("before");
		this.context.getMDCAdapter().put("key", "value");
		this.logger.info("{}", argument);
		this.context.getMDCAdapter().clear();
		argument.append(" and after");
		collecting.open.countDown();
		flush("COLLECTING");
		assertThat(collecting.events).singleElement().satisfies((event) -> {
			assertThat(event.getFormattedMessage()).isEqualTo("before");
			assertThat(event.getThreadName()).isEqualTo(Thread.currentThread().getName());
			assertThat(event.getMDCPropertyMap()).containsEntry("key", "value");
		});
	}

	@Test
	void whenAnAppenderFailsOrLogsItselfThenTheNextLineIsWrittenAndNoneRepeats() {
		Collecting collecting = attach(new Collecting());
		collecting.onAppend = () -> {
			this.logger.info("from within");
			throw new IllegalStateException("test");
		};
		collecting.open.countDown();
		for (int i = 0; i < 3; i++) {
			this.logger.info("{}", i);
		}
		flush("COLLECTING");
		assertThat(collecting.messages).containsExactly("0", "1", "2");
	}

	@Test
	void whenTheConfigurationIsReadAgainThenItsAppendersAreWrappedToo() {
		this.output.open.countDown();
		end(this.context::reset);
		assertThat(this.output.closed).isTrue();
		Collecting collecting = new Collecting();
		collecting.setContext(this.context);
		collecting.start();
		this.logger.addAppender(collecting);
		this.context.fireConfigurationEvent(ConfigurationEvent.newConfigurationEndedSuccessfullyEvent(this));
		this.logger.info("no wait");
		assertThat(collecting.messages).isEmpty();
		collecting.open.countDown();
		flush("COLLECTING");
		assertThat(collecting.messages).containsExactly("no wait");
	}

	@ParameterizedTest
	@ValueSource(strings = { "org.apache.coyote.http11.Http11InputBuffer", "org.apache.tomcat.util.http.Parameters",
			"org.apache.catalina.core.ContainerBase", "org.springframework.web.servlet.DispatcherServlet",
			"org.springframework.http.converter.HttpMessageConverter" })
	void whenALoggerOfTheWebServerQuotesAPeerThenItsLineIsEscapedAndCut(String name) {
		this.output.open.countDown();
		this.context.getLogger(name)
			.info("Received [{}]", "GET / HTTP/1.1\r\nINFO forged", new IllegalStateException("x\nINFO forged"));
		this.context.getLogger(name).info("x".repeat(45_000));
		end(this.context::stop);
		List<String> lines = this.output.text().lines().toList();
		assertThat(lines).first().isEqualTo("INFO Received [GET / HTTP/1.1\\r\\nINFO forged]");
		assertThat(lines).noneMatch((line) -> line.startsWith("INFO forged"))
			.anyMatch((line) -> line.contains("IllegalStateException: x\\nINFO forged"))
			.last()
			.isEqualTo("INFO " + "x".repeat(256) + "... (45000 characters)");
	}

	@Test
	void whenALoggerQuotesNoPeerThenItsLinesStayAsTheyAre() {
		this.output.open.countDown();
		this.context.getLogger("org.springframework.boot.diagnostics.LoggingFailureAnalysisReporter").info("a\nb");
		end(this.context::stop);
		assertThat(this.output.text()).isEqualTo("INFO a\nb\n");
	}

	// Logback waits for a second at most, which the machine may stand still for
	private void end(Runnable stopOrReset) {
		long begin = System.nanoTime();
		stopOrReset.run();
		if (System.nanoTime() - begin > TimeUnit.MILLISECONDS.toNanos(900)) {
			Awaitility.await().until(() -> !this.appender.isStarted());
		}
	}

	private void flush(String name) {
		assertThat(((BufferedAppender<?>) this.logger.getAppender(name)).flush(Duration.ofSeconds(20))).isTrue();
	}

	private Collecting attach(Collecting collecting) {
		collecting.setContext(this.context);
		collecting.start();
		this.logger.addAppender(collecting);
		NonBlockingLogging.wrap(this.context);
		return collecting;
	}

	/**
	 * An appender without a stream, which takes nothing until it is open.
	 */
	private static final class Collecting extends UnsynchronizedAppenderBase<ILoggingEvent> {

		private final CountDownLatch open = new CountDownLatch(1);

		private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();

		private final List<String> messages = new ArrayList<>();

		private volatile Runnable onAppend = () -> {
		};

		private Collecting() {
			setName("COLLECTING");
		}

		// Not the base class's, which keeps an exception to itself
		@Override
		public void doAppend(ILoggingEvent event) {
			append(event);
		}

		@Override
		protected void append(ILoggingEvent event) {
			try {
				this.open.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			this.events.add(event);
			this.messages.add(event.getFormattedMessage());
			this.onAppend.run();
		}

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
