package io.weir.server;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.connection.CloseReason;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.connection.TimeoutWatchdog;

/**
 * The end of a server: accepts for a while, then serves what is open and what waits in
 * the queue until it ends, is quiet between two exchanges, or the grace period is over.
 * At last it finishes what the connections have left, such as records to be written.
 */
record Drain(AcceptLoop loop, TimeoutWatchdog watchdog, ConnectionRegistry registry, ServingSettings settings,
		Function<Duration, String> afterDrain) {

	// A connection that is cut is read on for its time to linger, and a bit more
	private static final Duration CUT_TIME = Duration.ofMillis(1500);

	private static final Duration AFTER_TIME = Duration.ofSeconds(5);

	// Of what follows the grace period, the cut included: the process has 8 s, of which
	// the web server takes 1 s, and the log another one
	private static final Duration MAX_AFTER_GRACE = Duration.ofSeconds(6);

	private static final Duration POLL_TIME = Duration.ofMillis(10);

	private static final Logger logger = LoggerFactory.getLogger(Drain.class);

	/**
	 * Drains, and returns when all connections are closed. A caller that is interrupted
	 * waits no longer: connections are then cut at once.
	 * @param address where the server listens, for people
	 */
	void run(String address) {
		Totals before = this.registry.totals();
		long begin = System.nanoTime();
		logger.info("Draining: {} connections are open; accepting for {} ms more, then serving them for at most {} ms",
				before.active(), this.settings.drainDelay().toMillis(), this.settings.gracePeriod().toMillis());
		boolean interrupted = false;
		try {
			Thread.sleep(this.settings.drainDelay());
			long end = System.nanoTime() + TimeUnit.NANOSECONDS.convert(this.settings.gracePeriod());
			this.loop.stop(this.settings.gracePeriod());
			this.watchdog.drain();
			awaitClosed(end);
		}
		catch (InterruptedException ex) {
			interrupted = true;
			logger.warn("Interrupted while draining: what is still open is cut");
		}
		try {
			this.loop.stop(Duration.ZERO);
			this.loop.end();
			this.registry.connections().forEach((connection) -> connection.end(CloseReason.DRAIN_TIMEOUT));
			awaitClosed(System.nanoTime() + CUT_TIME.toNanos());
		}
		catch (InterruptedException ex) {
			interrupted = true;
			logger.warn("Interrupted while cutting connections: {} are left to themselves", this.registry.active());
		}
		String finished = this.afterDrain.apply(interrupted ? Duration.ZERO : timeAfter(begin));
		logEnd(address, before, Duration.ofNanos(System.nanoTime() - begin), finished);
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	private void awaitClosed(long end) throws InterruptedException {
		while ((this.registry.active() > 0 || !this.loop.isEnded()) && System.nanoTime() - end < 0) {
			Thread.sleep(POLL_TIME);
		}
	}

	private Duration timeAfter(long begin) {
		Duration left = this.settings.drainDelay()
			.plus(this.settings.gracePeriod())
			.plus(MAX_AFTER_GRACE)
			.minusNanos(System.nanoTime() - begin);
		return (left.compareTo(AFTER_TIME) < 0) ? left : AFTER_TIME;
	}

	private void logEnd(String address, Totals before, Duration time, String finished) {
		Totals after = this.registry.totals();
		OptionalLong left = this.loop.leftInQueue();
		logger.info(
				"Stopped listening on {} after {} ms: {} connections drained, {} cut at the end of the grace period, "
						+ "{} received bytes not answered, {} connections left in the accept queue{}",
				address, time.toMillis(), after.closed(CloseReason.DRAINED) - before.closed(CloseReason.DRAINED),
				after.closed(CloseReason.DRAIN_TIMEOUT) - before.closed(CloseReason.DRAIN_TIMEOUT),
				after.bytesUnanswered() - before.bytesUnanswered(),
				left.isPresent() ? Long.toString(left.getAsLong()) : "an unknown number of",
				finished.isEmpty() ? "" : ", " + finished);
	}

}
