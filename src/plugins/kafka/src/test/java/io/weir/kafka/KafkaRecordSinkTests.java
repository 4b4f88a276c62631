package io.weir.kafka;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import io.weir.api.RecordText;
import io.weir.api.UnpackedRecord;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link KafkaRecordSink}, with a producer that answers as it is told.
 */
@Timeout(30)
class KafkaRecordSinkTests {

	// One is added by the sink's own thread
	private final List<MockProducer<String, byte[]>> producers = new CopyOnWriteArrayList<>();

	private final AtomicBoolean failing = new AtomicBoolean();

	private final AtomicLong now = new AtomicLong();

	private volatile Runnable sends = () -> {
	};

	private final KafkaRecordSink sink = new KafkaRecordSink("topic", new Text(), () -> {
		if (this.failing.getAndSet(false)) {
			throw new KafkaException("Failed to construct kafka producer");
		}
		MockProducer<String, byte[]> producer = new MockProducer<>(false, null, new StringSerializer(),
				new ByteArraySerializer()) {

			@Override
			public synchronized Future<RecordMetadata> send(ProducerRecord<String, byte[]> message,
					@Nullable Callback callback) {
				KafkaRecordSinkTests.this.sends.run();
				return super.send(message, callback);
			}

		};
		this.producers.add(producer);
		return producer;
	}, this.now::get);

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	@BeforeEach
	void listen() {
		// Told by the sink's own thread
		this.log.list = new CopyOnWriteArrayList<>();
		this.log.start();
		logger().setLevel(Level.INFO);
		logger().addAppender(this.log);
	}

	@AfterEach
	void close() {
		logger().detachAppender(this.log);
		logger().setLevel(null);
		this.sink.close();
	}

	private static Logger logger() {
		return (Logger) LoggerFactory.getLogger(KafkaRecordSink.class);
	}

	private List<String> told(Level level) {
		return this.log.list.stream()
			.filter((event) -> event.getLevel() == level)
			.map(ILoggingEvent::getFormattedMessage)
			.toList();
	}

	@Test
	void whenARecordIsTakenThenItIsSentWithItsClientsAddressAsKey() throws Exception {
		this.sink.accept(record(1));
		ProducerRecord<String, byte[]> sent = this.producers.getFirst().history().getFirst();
		assertThat(sent.topic()).isEqualTo("topic");
		assertThat(sent.key()).isEqualTo("10.1.0.7");
		assertThat(new String(sent.value(), StandardCharsets.UTF_8)).isEqualTo("number 1");
	}

	@Test
	void whenFlushedThenItWaitsForTheAcknowledgementsAndNoLongerThanItMay() throws Exception {
		this.sink.accept(record(1));
		this.sink.accept(record(2));
		this.producers.getFirst().completeNext();
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> this.sink.flush(Duration.ofMillis(50)))
			.withMessageContaining("1 records are not acknowledged");
		this.producers.getFirst().completeNext();
		this.sink.flush(Duration.ofSeconds(5));
	}

	@Test
	void whenKafkaRefusesARecordThenItIsSentAgainAndOthersWait() throws Exception {
		this.sink.accept(record(1));
		MockProducer<String, byte[]> producer = this.producers.getFirst();
		producer.errorNext(new OutOfOrderSequenceException("test"));
		CompletableFuture<Void> next = CompletableFuture.runAsync(() -> accept(record(2)));
		Awaitility.await().until(() -> producer.history().size() == 2);
		assertThat(next).isNotDone();
		producer.errorNext(new OutOfOrderSequenceException("again"));
		Awaitility.await().until(() -> producer.history().size() == 3);
		assertThat(next).isNotDone();
		assertThat(producer.history()).extracting((sent) -> new String(sent.value(), StandardCharsets.UTF_8))
			.allMatch("number 1"::equals);
		producer.completeNext();
		next.get();
		producer.completeNext();
		this.sink.flush(Duration.ofSeconds(5));
	}

	// Where none can be made at first, that is tried again
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whenTheProducerCanNotGoOnThenAnotherOneTakesOver(boolean failsAtFirst) throws Exception {
		this.failing.set(failsAtFirst);
		this.producers.getFirst().close();
		this.sink.accept(record(1));
		Awaitility.await().until(() -> this.producers.size() == 2);
		MockProducer<String, byte[]> second = this.producers.get(1);
		Awaitility.await().until(() -> second.history().size() == 1);
		assertThat(told(Level.INFO)).containsExactly("Another producer of Kafka's has taken over");
		assertThat(told(Level.WARN)).hasSize(failsAtFirst ? 3 : 2)
			.contains("Kafka's producer can't go on; another one is made");
		second.completeNext();
		this.sink.flush(Duration.ofSeconds(5));
	}

	// Also while what Kafka has refused is sent again
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whenNothingIsAcknowledgedForTenSecondsThenThatIsToldOnceAndTheEndToo(boolean refused) throws Exception {
		MockProducer<String, byte[]> producer = this.producers.getFirst();
		this.sink.accept(record(1));
		if (refused) {
			producer.errorNext(new OutOfOrderSequenceException("test"));
			Awaitility.await().until(() -> producer.history().size() == 2);
		}
		this.now.addAndGet(TimeUnit.SECONDS.toNanos(47));
		Awaitility.await()
			.until(() -> told(Level.WARN), (lines) -> lines.size() == (refused ? 2 : 1)
					&& lines.getLast().startsWith("Kafka has acknowledged no record for 47 s, and 1 wait for it: "));
		producer.completeNext();
		Awaitility.await()
			.until(() -> told(Level.INFO), List.of("Kafka acknowledges records again, after 47 s")::equals);
	}

	// For metadata, or for room in a full buffer
	@Test
	void whenTheRetryItselfWaitsForKafkaThenThatNothingIsAcknowledgedIsToldAllTheSame() throws Exception {
		this.sink.accept(record(1));
		CountDownLatch waiting = new CountDownLatch(1);
		CountDownLatch kafka = new CountDownLatch(1);
		this.sends = () -> {
			waiting.countDown();
			await(kafka);
		};
		this.producers.getFirst().errorNext(new OutOfOrderSequenceException("test"));
		assertThat(waiting.await(10, TimeUnit.SECONDS)).isTrue();
		this.now.addAndGet(TimeUnit.SECONDS.toNanos(47));
		try {
			Awaitility.await()
				.until(() -> told(Level.WARN),
						(lines) -> lines.getLast().startsWith("Kafka has acknowledged no record for 47 s"));
		}
		finally {
			kafka.countDown();
		}
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void whenTheFirstOfTwoIsRefusedAgainThenTheyKeepTheirOrder() throws Exception {
		this.sink.accept(record(1));
		this.sink.accept(record(2));
		MockProducer<String, byte[]> producer = this.producers.getFirst();
		producer.errorNext(new OutOfOrderSequenceException("test"));
		producer.errorNext(new OutOfOrderSequenceException("test"));
		Awaitility.await().until(() -> producer.errorNext(new OutOfOrderSequenceException("again")));
		Awaitility.await().until(producer::completeNext);
		Awaitility.await().until(producer::completeNext);
		this.sink.flush(Duration.ofSeconds(5));
		assertThat(producer.history()).extracting((sent) -> new String(sent.value(), StandardCharsets.UTF_8))
			.containsExactly("number 1", "number 2", "number 1", "number 1", "number 2");
	}

	@Test
	void whenAConnectionThatWaitsIsCutThenItsThreadIsFree() throws Exception {
		this.sink.accept(record(1));
		this.producers.getFirst().errorNext(new OutOfOrderSequenceException("test"));
		CompletableFuture<Throwable> thrown = new CompletableFuture<>();
		Thread connection = Thread.ofVirtual().start(() -> {
			try {
				this.sink.accept(record(2));
			}
			catch (IOException ex) {
				thrown.complete(ex);
			}
		});
		connection.interrupt();
		assertThat(thrown.get()).isInstanceOf(InterruptedIOException.class);
	}

	private void accept(UnpackedRecord record) {
		try {
			this.sink.accept(record);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static UnpackedRecord record(long number) {
		return new UnpackedRecord(1, new InetSocketAddress(InetAddress.ofLiteral("10.1.0.7"), 40_112), Instant.now(),
				List.of("number"), List.of(number));
	}

	private static final class Text implements RecordText {

		@Override
		public byte[] json(UnpackedRecord record) {
			return ("number " + record.values().getFirst()).getBytes(StandardCharsets.UTF_8);
		}

		@Override
		public String client(UnpackedRecord record) {
			return record.peer().getAddress().getHostAddress();
		}

	}

}
