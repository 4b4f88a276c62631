package io.weir.connection;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What a connection counts, and when its last bytes moved. Each figure has one writer,
 * the thread that reads or the one that writes, and may be read by any thread: opaque
 * access costs nothing on the byte's way.
 */
final class ConnectionCounters {

	private static final VarHandle RECEIVED = field("received");

	private static final VarHandle DISCARDED = field("discarded");

	private static final VarHandle SENT = field("sent");

	private static final VarHandle UNANSWERED = field("unanswered");

	private static final VarHandle RECORDS = field("records");

	private static final VarHandle RECEIVED_AT = field("receivedNanos");

	private static final VarHandle SENT_AT = field("sentNanos");

	private long received;

	// Apart, as a thread of the handler's may still read while the connection's discards
	private long discarded;

	private long sent;

	@SuppressWarnings("UnusedVariable") // Read through its VarHandle
	private long unanswered;

	private long records;

	@SuppressWarnings("UnusedVariable") // Read through its VarHandle
	private long receivedNanos;

	@SuppressWarnings("UnusedVariable") // Read through its VarHandle
	private long sentNanos;

	// When the watchdog last saw the handler compute
	private volatile long computingNanos;

	/**
	 * Creates counters at zero.
	 * @param nanos {@link System#nanoTime()} of the accept
	 */
	ConnectionCounters(long nanos) {
		this.computingNanos = nanos;
		this.receivedNanos = nanos;
		this.sentNanos = nanos;
	}

	void addReceived(int count) {
		RECEIVED.setOpaque(this, this.received + count);
		RECEIVED_AT.setOpaque(this, System.nanoTime());
	}

	void addDiscarded(int count) {
		DISCARDED.setOpaque(this, this.discarded + count);
		RECEIVED_AT.setOpaque(this, System.nanoTime());
	}

	void addSent(int count) {
		SENT.setOpaque(this, this.sent + count);
		SENT_AT.setOpaque(this, System.nanoTime());
	}

	void addUnanswered(int count) {
		UNANSWERED.getAndAdd(this, (long) count);
	}

	long addRecord() {
		long count = this.records + 1;
		RECORDS.setOpaque(this, count);
		return count;
	}

	/**
	 * A write begins. Spares a look at the clock: what a handler writes most often
	 * answers what it has just read.
	 */
	void writeBegins() {
		long read = receivedNanos();
		if (read - sentNanos() > 0) {
			SENT_AT.setOpaque(this, read);
		}
	}

	long received() {
		return (long) RECEIVED.getOpaque(this) + (long) DISCARDED.getOpaque(this);
	}

	long sent() {
		return (long) SENT.getOpaque(this);
	}

	/**
	 * Bytes that were received and not served because the server ended the connection:
	 * thrown away while closing, or left over from a write that was cut off. Exact once
	 * the connection is closed.
	 */
	long unanswered() {
		return (long) UNANSWERED.getOpaque(this);
	}

	long records() {
		return (long) RECORDS.getOpaque(this);
	}

	/**
	 * When the last byte was read, as of {@link System#nanoTime()}.
	 */
	long receivedNanos() {
		return (long) RECEIVED_AT.getOpaque(this);
	}

	/**
	 * When the last byte was written or the last write began, as of
	 * {@link System#nanoTime()}.
	 */
	long sentNanos() {
		return (long) SENT_AT.getOpaque(this);
	}

	/**
	 * When the last byte moved, as of {@link System#nanoTime()}.
	 */
	long progressNanos() {
		long read = receivedNanos();
		long written = sentNanos();
		return (read - written > 0) ? read : written;
	}

	/**
	 * When the write that is under way began, or last moved a byte; later by at most a
	 * round of the watchdog where the handler had computed before.
	 */
	long writtenNanos() {
		long written = sentNanos();
		long computing = this.computingNanos;
		return (computing - written > 0) ? computing : written;
	}

	/**
	 * The handler computes. That time is neither idle nor blocked.
	 * @param now {@link System#nanoTime()}
	 */
	void noteComputing(long now) {
		this.computingNanos = now;
	}

	long computingNanos() {
		return this.computingNanos;
	}

	private static VarHandle field(String name) {
		try {
			return MethodHandles.lookup().findVarHandle(ConnectionCounters.class, name, long.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

}
