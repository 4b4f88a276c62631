package io.weir.connection;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Where a connection stands, in one number that changes by compareAndSet: so a thread
 * sees at once that another has ended the connection, and only one of them ends it.
 *
 * <pre>
 * accepted --> LAYERS --> handler computes --> READ ---> handler computes --> ...
 *                 |              |         \-> WRITE -/         |
 *                 |              |    (two threads: both)       |
 *                 +--------------+---------------+--------------+--> ENDED, for one reason
 *
 * EXCHANGE: something was read since the last exchange ended.
 * READ without EXCHANGE and WRITE: between two exchanges, where a drain may end it.
 * OVERDUE: its own thread ends it when it comes there.
 * </pre>
 */
final class ConnectionLifecycle {

	// A thread waits in a read
	private static final int READ = 1;

	// A thread is in a write
	private static final int WRITE = 2;

	private static final int EXCHANGE = 4;

	// The layers are not agreed on yet
	private static final int LAYERS = 8;

	// With the reason's index above it
	private static final int ENDED = 16;

	// To be ended between two exchanges
	private static final int OVERDUE = 32;

	private static final int REASON_SHIFT = 8;

	private static final List<EndReason> REASONS = Stream
		.<EndReason>concat(Stream.of(CloseReason.values()), Stream.of(RejectReason.values()))
		.toList();

	private static final VarHandle STATE;

	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(ConnectionLifecycle.class, "state", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private volatile int state;

	// Of the handler: a write does not end the exchange
	private boolean explicit;

	ConnectionLifecycle(boolean hasLayers) {
		this.state = hasLayers ? LAYERS : 0;
	}

	void layersDone() throws ConnectionEndedException {
		change(LAYERS, 0);
	}

	/**
	 * Begins a read.
	 * @return false if the connection is to be ended here instead, between two exchanges
	 * @throws ConnectionEndedException if the connection has ended
	 */
	boolean beginRead() throws ConnectionEndedException {
		return begin(READ, "reads");
	}

	/**
	 * Ends a read.
	 * @param brought whether it has brought bytes
	 * @throws ConnectionEndedException if the connection has ended meanwhile
	 */
	void endRead(boolean brought) throws ConnectionEndedException {
		change(READ, brought ? EXCHANGE : 0);
	}

	void beginWrite() throws ConnectionEndedException {
		begin(WRITE, "writes");
	}

	/**
	 * Has its own thread end it when it comes between two exchanges.
	 */
	void markOverdue() {
		tryChange(0, OVERDUE);
	}

	void endWrite() throws ConnectionEndedException {
		change(this.explicit ? WRITE : WRITE | EXCHANGE, 0);
	}

	/**
	 * Forgets a read that has failed for a reason of the caller's, so that another one
	 * may follow.
	 */
	void abandonRead() {
		tryChange(READ, 0);
	}

	/**
	 * Forgets a write that has failed for a reason of the caller's.
	 */
	void abandonWrite() {
		tryChange(WRITE, 0);
	}

	// Returns false if an overdue connection comes between two exchanges
	private boolean begin(int activity, String what) throws ConnectionEndedException {
		while (true) {
			int now = this.state;
			// One test on the byte's way
			if ((now & (ENDED | OVERDUE | activity)) != 0 && isOverdue(now, activity, what)) {
				return false;
			}
			if (STATE.compareAndSet(this, now, now | activity)) {
				return true;
			}
		}
	}

	private static boolean isOverdue(int now, int activity, String what) throws ConnectionEndedException {
		if ((now & ENDED) != 0) {
			throw new ConnectionEndedException();
		}
		if ((now & activity) != 0) {
			throw new IllegalStateException("Another thread " + what
					+ " already: of one connection one thread may read while one writes, and no more");
		}
		return activity == READ && (now & (EXCHANGE | WRITE)) == 0;
	}

	private void change(int clear, int set) throws ConnectionEndedException {
		if (!tryChange(clear, set)) {
			throw new ConnectionEndedException();
		}
	}

	// At the end EXCHANGE says what the end fell into
	private boolean tryChange(int clear, int set) {
		int now = this.state;
		while ((now & ENDED) == 0 && !STATE.compareAndSet(this, now, (now & ~clear) | set)) {
			now = this.state;
		}
		return (now & ENDED) == 0;
	}

	void exchangeBegins() {
		this.explicit = true;
		tryChange(0, EXCHANGE);
	}

	void exchangeDone() {
		this.explicit = false;
		tryChange(EXCHANGE, 0);
	}

	/**
	 * Ends the connection, unless it has ended.
	 * @return whether this call ended it
	 */
	boolean end(EndReason reason) {
		int now = this.state;
		while ((now & ENDED) == 0 && !STATE.compareAndSet(this, now, ended(now, reason))) {
			now = this.state;
		}
		return (now & ENDED) == 0;
	}

	/**
	 * Ends the connection if it stands between two exchanges, or before its first in a
	 * layer.
	 * @return whether this call ended it
	 */
	boolean endBetweenExchanges(CloseReason reason) {
		int now = this.state;
		return ((now & ~OVERDUE) == READ || (now & (LAYERS | ENDED)) == LAYERS)
				&& STATE.compareAndSet(this, now, ended(now, reason));
	}

	/**
	 * Ends the connection, or says more of an end that came from the peer or the handler.
	 */
	void endedBy(EndReason outcome) {
		EndReason reason = end(outcome) ? null : reason();
		if (outcome instanceof CloseReason more && reason instanceof CloseReason first && more.saysMoreThan(first)) {
			int now = this.state;
			STATE.compareAndSet(this, now, ended(now & (ENDED - 1), outcome));
		}
	}

	private static int ended(int now, EndReason reason) {
		return (now & (ENDED - 1)) | ENDED | (REASONS.indexOf(reason) << REASON_SHIFT);
	}

	/**
	 * Why it ended.
	 * @return null while it is open
	 */
	@Nullable EndReason reason() {
		int now = this.state;
		return ((now & ENDED) != 0) ? REASONS.get(now >>> REASON_SHIFT) : null;
	}

	boolean isEnded() {
		return (this.state & ENDED) != 0;
	}

	/**
	 * Whether something was read since the last exchange ended, or was when the
	 * connection ended.
	 */
	boolean isInExchange() {
		return (this.state & EXCHANGE) != 0;
	}

	boolean isInLayers() {
		return (this.state & (LAYERS | ENDED)) == LAYERS;
	}

	boolean endedInLayers() {
		return (this.state & (LAYERS | ENDED)) == (LAYERS | ENDED);
	}

	boolean isWriting() {
		return (this.state & (WRITE | ENDED)) == WRITE;
	}

	/**
	 * Whether it waits for a byte from the peer, and writes nothing meanwhile.
	 */
	boolean isReading() {
		return (this.state & (READ | WRITE | ENDED)) == READ;
	}

	/**
	 * Whether its handler, or something of the handler's, computes: no thread is in a
	 * read or a write.
	 */
	boolean isComputing() {
		return (this.state & (READ | WRITE | LAYERS)) == 0;
	}

	ConnectionState shown() {
		int now = this.state;
		if ((now & ENDED) != 0) {
			return ConnectionState.CLOSING;
		}
		if ((now & LAYERS) != 0) {
			return ConnectionState.HANDSHAKING;
		}
		return ((now & WRITE) != 0) ? ConnectionState.WRITING : ConnectionState.READING;
	}

}
