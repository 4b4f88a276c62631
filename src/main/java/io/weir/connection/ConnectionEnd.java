package io.weir.connection;

import java.io.IOException;
import java.time.Duration;
import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;

import io.weir.scheduling.ConnectionThread;

/**
 * The ways in which a connection ends, and what made it end. Safe for any thread.
 */
final class ConnectionEnd {

	private final HandlerInterrupt interrupt;

	private final ConnectionPath path;

	private final ConnectionLifecycle lifecycle;

	private final ConnectionCounters counters;

	private final GracefulClose close;

	private final BiConsumer<Throwable, String> log;

	private volatile long endedNanos;

	private volatile boolean aborted;

	private volatile @Nullable Throwable failure;

	private volatile @Nullable Throwable cause;

	/**
	 * Creates the end of a connection that is open.
	 * @param log told of what fails when nobody waits for it any more
	 */
	ConnectionEnd(ConnectionThread thread, ConnectionPath path, ConnectionLifecycle lifecycle,
			ConnectionCounters counters, BiConsumer<Throwable, String> log) {
		this.interrupt = new HandlerInterrupt(thread);
		this.path = path;
		this.lifecycle = lifecycle;
		this.counters = counters;
		this.close = new GracefulClose(path, lifecycle, counters, log);
		this.log = log;
	}

	GracefulClose close() {
		return this.close;
	}

	/**
	 * Ends the connection, unless it is ending already, see {@link Connection#end}.
	 * @return whether this call ended it
	 */
	boolean end(EndReason reason) {
		// Set before the state: a thread that reads the ended state reads this time too
		if (!this.lifecycle.isEnded()) {
			this.endedNanos = System.nanoTime();
		}
		boolean ended = this.lifecycle.end(reason);
		if (ended && reason instanceof RejectReason) {
			abort(reason);
		}
		else if (ended) {
			this.close.sendEndElsewhere();
		}
		return ended;
	}

	/**
	 * Ends the connection if it stands between two exchanges and no byte of the next one
	 * waits in the kernel, or is in a layer, and has been quiet for so many nanoseconds.
	 * Of a TLS record whose first part was read nothing is known here. Returns whether
	 * this call ended it.
	 */
	boolean endBetweenExchanges(CloseReason reason, long now, long quietNanos) {
		if (now - this.counters.progressNanos() < quietNanos || this.lifecycle.isEnded()
				|| (!this.lifecycle.isInLayers() && this.path.hasQueuedBytes())) {
			return false;
		}
		this.endedNanos = now;
		boolean ended = this.lifecycle.endBetweenExchanges(reason);
		if (ended) {
			this.close.sendEndElsewhere();
		}
		return ended;
	}

	/**
	 * Ends a connection that is too old if it waits between two exchanges; else its own
	 * thread ends it there. Returns whether this call ended it.
	 */
	boolean endOfOldAge(long now) {
		this.lifecycle.markOverdue();
		return this.lifecycle.isReading() && endBetweenExchanges(CloseReason.MAX_AGE, now, Long.MIN_VALUE);
	}

	/**
	 * Ends the connection at once, whatever is under way or unsent: the socket is closed,
	 * so a read or write that waits fails, and a handler that does something else is
	 * interrupted.
	 * @param reason why, unless it is ending for another reason already
	 */
	void abort(EndReason reason) {
		if (!this.lifecycle.isEnded()) {
			this.endedNanos = System.nanoTime();
		}
		this.lifecycle.end(reason);
		try {
			this.path.socket().close();
		}
		catch (IOException ex) {
			this.log.accept(ex, "at close");
		}
		finally {
			this.interrupt.send();
		}
		// Without memory for that the watchdog calls again
		this.aborted = true;
	}

	HandlerInterrupt interrupt() {
		return this.interrupt;
	}

	// Whether it has ended, for whatever reason, and the time to read on is over
	boolean isLingerOver(long now) {
		return this.lifecycle.isEnded() && !this.aborted
				&& now - this.endedNanos >= GracefulClose.LINGER_TIME.toNanos();
	}

	/**
	 * For how long it has been ending; zero while it is open.
	 */
	Duration endedFor() {
		return this.lifecycle.isEnded() ? Duration.ofNanos(Math.max(0, System.nanoTime() - this.endedNanos))
				: Duration.ZERO;
	}

	// A stream that the handler has closed, and a read or write that has failed, have
	// ended the connection before it is known what the end fell into
	void endedBy(EndReason outcome) {
		if (!this.lifecycle.isEnded()) {
			this.endedNanos = System.nanoTime();
		}
		if (!this.interrupt.isSent()) {
			this.lifecycle.endedBy(outcome);
		}
	}

	void failed(Throwable thrown) {
		if (this.failure == null) {
			this.failure = thrown;
		}
		causedBy(thrown);
	}

	// What fails after the end is its effect, not its cause
	void causedBy(Throwable thrown) {
		if (this.cause == null && !this.lifecycle.isEnded()) {
			this.cause = thrown;
		}
	}

	/**
	 * What failed in the handler or in this server; null if nothing did.
	 */
	@Nullable Throwable failure() {
		return this.failure;
	}

	/**
	 * What made it end; null where nothing failed.
	 */
	@Nullable Throwable cause() {
		return this.cause;
	}

}
