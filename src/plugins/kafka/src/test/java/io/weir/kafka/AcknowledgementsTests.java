package io.weir.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Acknowledgements}, at times of their own.
 */
class AcknowledgementsTests {

	private final Acknowledgements acknowledgements = new Acknowledgements(0);

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	@BeforeEach
	void listen() {
		this.log.start();
		logger().setLevel(Level.INFO);
		logger().addAppender(this.log);
	}

	@AfterEach
	void listenNoMore() {
		logger().detachAppender(this.log);
		logger().setLevel(null);
	}

	private static Logger logger() {
		return (Logger) LoggerFactory.getLogger(KafkaRecordSink.class);
	}

	@Test
	void whenNothingIsExpectedThenItIsSilentHoweverLong() {
		assertThat(toldAt(0)).isEmpty();
		assertThat(toldAt(100)).isEmpty();
		this.acknowledgements.expect();
		assertThat(toldAt(101)).isEmpty();
		assertThat(toldAt(109)).isEmpty();
		assertThat(toldAt(110)).hasSize(1);
	}

	@Test
	void whenOneIsAcknowledgedNowAndThenThenItIsSilent() {
		this.acknowledgements.expect();
		for (int second = 0; second < 60; second += 9) {
			this.acknowledgements.expect();
			this.acknowledgements.receive();
			assertThat(toldAt(second)).isEmpty();
		}
	}

	@Test
	void whenNoneIsAcknowledgedThenItIsToldOnceInEachEpisode() {
		this.acknowledgements.expect();
		this.acknowledgements.expect();
		assertThat(toldAt(9)).isEmpty();
		assertThat(toldAt(10)).singleElement()
			.satisfies((line) -> assertThat(line).startsWith("Kafka has acknowledged no record for 10 s, and 2 wait"));
		assertThat(toldAt(11)).isEmpty();
		this.acknowledgements.receive();
		assertThat(toldAt(47)).containsExactly("Kafka acknowledges records again, after 47 s");
		assertThat(toldAt(56)).isEmpty();
		assertThat(toldAt(57)).hasSize(1);
	}

	// As when the only connection that waits is cut
	@Test
	void whenTheLastOneIsNotSentAfterAllThenTheOutageIsNotOver() {
		this.acknowledgements.expect();
		assertThat(toldAt(10)).hasSize(1);
		this.acknowledgements.forget();
		assertThat(toldAt(11)).isEmpty();
		this.acknowledgements.expect();
		assertThat(toldAt(40)).isEmpty();
		this.acknowledgements.receive();
		assertThat(toldAt(41)).containsExactly("Kafka acknowledges records again, after 41 s");
	}

	private List<String> toldAt(int seconds) {
		this.log.list = new ArrayList<>();
		this.acknowledgements.look(TimeUnit.SECONDS.toNanos(seconds));
		return this.log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
	}

}
