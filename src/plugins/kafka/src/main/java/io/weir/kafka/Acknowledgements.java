package io.weir.kafka;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what Kafka acknowledges, and tells in the log when it acknowledges nothing. The
 * counts are safe for any thread, the looks are one thread's.
 */
class Acknowledgements {

	private static final Logger logger = LoggerFactory.getLogger(KafkaRecordSink.class);

	private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

	private final AtomicLong missing = new AtomicLong();

	private final AtomicLong received = new AtomicLong();

	private long lastReceived;

	private long since;

	private boolean told;

	/**
	 * Creates the counts.
	 * @param now {@link System#nanoTime()}
	 */
	Acknowledgements(long now) {
		this.since = now;
	}

	/**
	 * A record is to be sent.
	 */
	void expect() {
		this.missing.incrementAndGet();
	}

	/**
	 * A record is not sent after all.
	 */
	void forget() {
		this.missing.decrementAndGet();
	}

	/**
	 * A record is acknowledged.
	 */
	void receive() {
		this.received.incrementAndGet();
		this.missing.decrementAndGet();
	}

	/**
	 * How many records are not acknowledged yet.
	 */
	long missing() {
		return this.missing.get();
	}

	/**
	 * Looks whether some come. It is to be called each second.
	 * @param now {@link System#nanoTime()}
	 */
	void look(long now) {
		long received = this.received.get();
		long missing = this.missing.get();
		if (received != this.lastReceived) {
			if (this.told) {
				logger.info("Kafka acknowledges records again, after {} s", seconds(now));
			}
			this.told = false;
			this.lastReceived = received;
			this.since = now;
		}
		// When the last one is not sent after all, an outage that was told goes on
		else if (!this.told && missing == 0) {
			this.since = now;
		}
		else if (!this.told && now - this.since >= PATIENCE) {
			logger.warn("Kafka has acknowledged no record for {} s, and {} wait for it: look at its brokers, at the "
					+ "network, and at the lines of Kafka's client. Unless Kafka has refused a record, which a line "
					+ "before says, more are taken until the producer's buffer (buffer.memory) is full; then "
					+ "the connections that bring them wait", seconds(now), missing);
			this.told = true;
		}
	}

	private long seconds(long now) {
		return Duration.ofNanos(now - this.since).toSeconds();
	}

}
