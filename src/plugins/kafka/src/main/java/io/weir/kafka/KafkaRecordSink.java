package io.weir.kafka;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.api.RecordSink;
import io.weir.api.RecordText;
import io.weir.api.UnpackedRecord;

/**
 * Sends records to a topic, keyed by the client's address. A connection waits while the
 * producer's buffer is full, or while what Kafka has refused is sent again.
 */
class KafkaRecordSink implements RecordSink, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(KafkaRecordSink.class);

	private static final long RETRY = TimeUnit.SECONDS.toNanos(1);

	private static final long POLL = TimeUnit.MILLISECONDS.toNanos(5);

	private static final Duration CLOSE_TIME = Duration.ofMillis(500);

	private final String topic;

	private final RecordText text;

	private final Supplier<Producer<String, byte[]>> producers;

	private volatile Producer<String, byte[]> producer;

	private final LongSupplier nanoTime;

	private final Acknowledgements acknowledgements;

	// What the producer gave up: it retries by itself whatever may pass
	private final Queue<ProducerRecord<String, byte[]>> refused = new ConcurrentLinkedQueue<>();

	private volatile boolean closed;

	private final Thread retries;

	// Of that thread
	private boolean replacing;

	/**
	 * Creates the sink.
	 * @param topic where records are sent
	 * @param text makes their keys and values
	 * @param producers makes a producer, and another one if that can't go on
	 */
	KafkaRecordSink(String topic, RecordText text, Supplier<Producer<String, byte[]>> producers) {
		this(topic, text, producers, System::nanoTime);
	}

	KafkaRecordSink(String topic, RecordText text, Supplier<Producer<String, byte[]>> producers,
			LongSupplier nanoTime) {
		this.topic = topic;
		this.text = text;
		this.producers = producers;
		this.nanoTime = nanoTime;
		this.acknowledgements = new Acknowledgements(nanoTime.getAsLong());
		this.producer = producers.get();
		Thread.ofPlatform().daemon().name("weir-kafka-looks").start(this::look);
		this.retries = Thread.ofPlatform().daemon().name("weir-kafka-retries").start(this::retry);
	}

	@Override
	public void accept(UnpackedRecord record) throws IOException {
		while (!this.refused.isEmpty()) {
			LockSupport.parkNanos(this, POLL);
			if (Thread.interrupted()) {
				throw interrupted(null);
			}
		}
		ProducerRecord<String, byte[]> message = new ProducerRecord<>(this.topic, this.text.client(record),
				this.text.json(record));
		this.acknowledgements.expect();
		Future<?> result = sendOrQueue(message);
		if (result != null && result.state() == Future.State.FAILED
				&& result.exceptionNow() instanceof RecordTooLargeException tooLarge) {
			throw new IOException("Kafka's producer takes no record of this size: " + tooLarge.getMessage(), tooLarge);
		}
	}

	private @Nullable Future<?> sendOrQueue(ProducerRecord<String, byte[]> message) throws IOException {
		try {
			return send(message);
		}
		catch (InterruptException ex) {
			this.acknowledgements.forget();
			throw interrupted(ex);
		}
		catch (KafkaException | IllegalStateException ex) {
			queue(message, ex);
			return null;
		}
	}

	private static IOException interrupted(@Nullable Exception cause) {
		Thread.currentThread().interrupt();
		InterruptedIOException interrupted = new InterruptedIOException("interrupted while Kafka took no record");
		interrupted.initCause(cause);
		return interrupted;
	}

	private Future<?> send(ProducerRecord<String, byte[]> message) {
		Thread sender = Thread.currentThread();
		return this.producer.send(message, (metadata, failure) -> {
			// The producer itself refuses what is too large for it, before send returns
			boolean never = failure instanceof RecordTooLargeException && Thread.currentThread() == sender;
			if (failure == null) {
				this.acknowledgements.receive();
			}
			else if (never) {
				this.acknowledgements.forget();
			}
			else {
				queue(message, failure);
			}
		});
	}

	private void queue(ProducerRecord<String, byte[]> message, Exception failure) {
		if (this.refused.isEmpty()) {
			logger.warn("Kafka refused a record; it is sent again each second, and connections that bring more wait",
					failure);
		}
		this.refused.add(message);
	}

	private void retry() {
		while (!this.closed) {
			LockSupport.parkNanos(this, RETRY);
			// In their order: behind one that is refused again the others wait
			boolean taken = true;
			while (taken && !this.closed) {
				ProducerRecord<String, byte[]> first = this.refused.peek();
				taken = first != null && retry(first);
			}
		}
	}

	private boolean retry(ProducerRecord<String, byte[]> message) {
		try {
			this.producer.send(message).get();
			this.refused.remove();
			this.acknowledgements.receive();
			return true;
		}
		catch (ExecutionException ex) {
			logger.debug("Refused again", ex);
		}
		catch (KafkaException | IllegalStateException ex) {
			replaceProducer(ex);
		}
		catch (InterruptedException ex) {
			// Nobody has this thread to interrupt it
			Thread.currentThread().interrupt();
		}
		return false;
	}

	// On a thread of its own, as a retry may wait for Kafka without end
	private void look() {
		while (!this.closed) {
			this.acknowledgements.look(this.nanoTime.getAsLong());
			LockSupport.parkNanos(this, RETRY);
		}
	}

	private void replaceProducer(Exception failure) {
		if (this.closed) {
			return;
		}
		if (!this.replacing) {
			logger.warn("Kafka's producer can't go on; another one is made", failure);
		}
		Producer<String, byte[]> old = this.producer;
		try {
			this.producer = this.producers.get();
		}
		catch (KafkaException ex) {
			if (!this.replacing) {
				logger.warn("No other producer can be made, for instance as no broker's name resolves; "
						+ "that is tried again each second", ex);
			}
			this.replacing = true;
			return;
		}
		this.replacing = false;
		logger.info("Another producer of Kafka's has taken over");
		old.close(Duration.ZERO);
	}

	/**
	 * Waits until all records are acknowledged.
	 */
	@Override
	public void flush(Duration atMost) throws IOException {
		long begin = System.nanoTime();
		while (this.acknowledgements.missing() > 0) {
			if (System.nanoTime() - begin > atMost.toNanos() || Thread.currentThread().isInterrupted()) {
				throw new IOException(this.acknowledgements.missing() + " records are not acknowledged by Kafka");
			}
			LockSupport.parkNanos(this, POLL);
		}
	}

	@Override
	public void close() {
		this.closed = true;
		LockSupport.unpark(this.retries);
		this.producer.close(CLOSE_TIME);
	}

}
