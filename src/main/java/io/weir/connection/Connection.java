package io.weir.connection;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

import io.weir.kernel.SocketKey;
import io.weir.scheduling.ConnectionThread;
import io.weir.text.PeerText;
import io.weir.transport.FirstBytes;
import io.weir.transport.PlainTransport;
import io.weir.transport.SecureSession;
import io.weir.transport.SocketAddresses;

/**
 * One accepted connection: who it is, where it stands, and the way to end it. Any thread
 * may {@linkplain #end end} it, for one reason.
 */
public final class Connection {

	private static final Logger logger = LoggerFactory.getLogger(Connection.class);

	private final long id;

	private final SocketChannel channel;

	private final ConnectionPath path;

	private final InetSocketAddress local;

	private final InetSocketAddress peer;

	private final SocketKey socketKey;

	private final Instant openedAt = Instant.now();

	private final long openedNanos = System.nanoTime();

	private final ConnectionLifecycle lifecycle;

	private final ConnectionCounters counters = new ConnectionCounters(this.openedNanos);

	private final GracefulClose close;

	private volatile long endedNanos;

	private volatile @Nullable Throwable failure;

	private volatile @Nullable Throwable cause;

	private volatile long rttMicros = -1;

	private volatile long retransmits = -1;

	private volatile boolean begun;

	private final HandlerInterrupt interrupt;

	// When the watchdog last saw the handler compute
	private volatile long computingNanos = this.openedNanos;

	/**
	 * Creates the connection of an accepted socket, not registered yet.
	 * @param id its number
	 * @param channel the socket
	 * @param thread what will serve it
	 * @param first the first layer that it is in; null if it has none
	 * @throws IOException if the socket is not connected any more
	 */
	public Connection(long id, SocketChannel channel, ConnectionThread thread, @Nullable Layer first)
			throws IOException {
		this.id = id;
		this.channel = channel;
		this.interrupt = new HandlerInterrupt(thread);
		this.path = new ConnectionPath(new PlainTransport(channel, thread), first, this.openedNanos);
		this.lifecycle = new ConnectionLifecycle(first != null);
		this.close = new GracefulClose(this.path, this.lifecycle, this.counters, this::debug);
		this.local = (InetSocketAddress) channel.getLocalAddress();
		this.peer = (InetSocketAddress) channel.getRemoteAddress();
		this.socketKey = SocketKey.of(this.local, this.peer);
	}

	/**
	 * The connection's number, unique in this process. The first one has 1.
	 */
	public long id() {
		return this.id;
	}

	/**
	 * The client's address and port, for people.
	 */
	public InetSocketAddress peer() {
		return this.peer;
	}

	/**
	 * The client as {@code address:port}, for instance {@code 127.0.0.1:40112}.
	 */
	public String peerText() {
		return SocketAddresses.text(this.peer);
	}

	/**
	 * The address and port of the proxy that the client came by; null if it came itself.
	 */
	public @Nullable InetSocketAddress via() {
		return null;
	}

	/**
	 * This side's address and port.
	 */
	public InetSocketAddress local() {
		return this.local;
	}

	/**
	 * The socket's addresses and ports, by which the kernel knows it.
	 */
	public SocketKey socketKey() {
		return this.socketKey;
	}

	/**
	 * The accepted socket, for its options.
	 */
	public SocketChannel channel() {
		return this.channel;
	}

	/**
	 * Has the first bytes looked at that come through its socket, whatever its layers
	 * make of them. To be called on its thread, before anything is read.
	 * @param watcher looks at them
	 */
	public void watchFirstBytes(FirstBytes watcher) {
		this.path.socket().watchFirstBytes(watcher);
	}

	/**
	 * What protects its bytes; null before that is agreed on, and without TLS.
	 */
	public @Nullable SecureSession session() {
		return this.path.session();
	}

	/**
	 * When it was accepted.
	 */
	public Instant openedAt() {
		return this.openedAt;
	}

	/**
	 * How long it has been open. Does not stop at the close.
	 */
	public Duration age() {
		return Duration.ofNanos(System.nanoTime() - this.openedNanos);
	}

	/**
	 * For how long no byte has gone in either direction.
	 */
	public Duration idleFor() {
		return Duration.ofNanos(Math.max(0, System.nanoTime() - progressNanos()));
	}

	/**
	 * When the last byte moved, or the connection was accepted, as of
	 * {@link System#nanoTime()}.
	 */
	public long progressNanos() {
		long read = this.counters.receivedNanos();
		long written = this.counters.sentNanos();
		return (read - written > 0) ? read : written;
	}

	/**
	 * When the write that is under way began, or last moved a byte; later by at most a
	 * round of the watchdog where the handler had computed before.
	 */
	long writtenNanos() {
		long written = this.counters.sentNanos();
		long computing = this.computingNanos;
		return (computing - written > 0) ? computing : written;
	}

	/**
	 * Bytes that the peer's application sent and that were read, those included that were
	 * thrown away while closing.
	 */
	public long bytesReceived() {
		return this.counters.received();
	}

	/**
	 * Bytes of the application that were handed to the kernel to send.
	 */
	public long bytesSent() {
		return this.counters.sent();
	}

	/**
	 * Bytes that were received and not served because the server ended the connection:
	 * thrown away while closing, or left over from a write that was cut off. Exact once
	 * the connection is closed.
	 */
	long bytesUnanswered() {
		return this.counters.unanswered();
	}

	/**
	 * Records unpacked.
	 */
	public long records() {
		return this.counters.records();
	}

	/**
	 * What the connection does now.
	 */
	public ConnectionState state() {
		return this.lifecycle.shown();
	}

	/**
	 * Why it ended; null while it is open.
	 */
	public @Nullable CloseReason closeReason() {
		return this.lifecycle.reason();
	}

	/**
	 * For how long it has ended and its handler's thread has not; zero while it is open.
	 */
	public Duration endedFor() {
		return this.lifecycle.isEnded() ? Duration.ofNanos(Math.max(0, System.nanoTime() - this.endedNanos))
				: Duration.ZERO;
	}

	/**
	 * Whether its thread has begun to run.
	 */
	public boolean isBegun() {
		return this.begun;
	}

	/**
	 * What failed in its handler or in this server; null unless the reason for its end is
	 * {@link CloseReason#HANDLER_ERROR}.
	 */
	public @Nullable Throwable failure() {
		return this.failure;
	}

	/**
	 * What made it end or be refused, for people: a failure of a layer, a read, a write
	 * or the handler, escaped and cut; null where nothing failed.
	 */
	public @Nullable String causeText() {
		Throwable failed = this.cause;
		return (failed != null) ? PeerText.escape(failed.toString()) : null;
	}

	/**
	 * Keeps what a sample of the kernel's figures said last.
	 * @param sampledRttMicros smoothed round-trip time; -1 where there is none
	 * @param sampledRetransmits segments sent again so far; -1 where that is not known
	 */
	public void sampled(long sampledRttMicros, long sampledRetransmits) {
		this.rttMicros = sampledRttMicros;
		this.retransmits = sampledRetransmits;
	}

	/**
	 * Smoothed round-trip time of the last sample, in microseconds; -1 where there is
	 * none.
	 */
	public long lastRttMicros() {
		return this.rttMicros;
	}

	/**
	 * Segments sent again as of the last sample; -1 where there is none.
	 */
	public long lastRetransmits() {
		return this.retransmits;
	}

	/**
	 * For how long a write has made no progress; zero if none is under way.
	 */
	public Duration writeBlockedFor() {
		return this.lifecycle.isWriting() ? Duration.ofNanos(Math.max(0, System.nanoTime() - writtenNanos()))
				: Duration.ZERO;
	}

	/**
	 * Ends the connection as a peer that behaves expects it: with a FIN; its thread reads
	 * on to the peer's end of stream, for a bounded time, and closes. Does nothing if the
	 * connection is ending already. Any thread may call; waits for nobody.
	 * @param reason why
	 * @return whether this call ended it
	 */
	public boolean end(CloseReason reason) {
		// Set before the state: a thread that reads the ended state reads this time too
		if (!this.lifecycle.isEnded()) {
			this.endedNanos = System.nanoTime();
		}
		boolean ended = this.lifecycle.end(reason);
		if (ended) {
			this.close.sendEndElsewhere();
		}
		return ended;
	}

	/**
	 * Ends the connection if it stands between two exchanges, or is in a layer, and has
	 * been quiet for so many nanoseconds. Returns whether this call ended it.
	 */
	boolean endBetweenExchanges(CloseReason reason, long now, long quietNanos) {
		if (now - progressNanos() < quietNanos || this.lifecycle.isEnded()) {
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
	 * Begins a read of its handler. An overdue connection ends here, between two
	 * exchanges.
	 * @throws ConnectionEndedException if the connection has ended
	 */
	void beginRead() throws ConnectionEndedException {
		if (!this.lifecycle.beginRead()) {
			end(CloseReason.MAX_AGE);
			throw new ConnectionEndedException();
		}
	}

	/**
	 * Ends a connection that is too old if it waits between two exchanges and no byte of
	 * the next one has come; else its own thread ends it there. Returns whether this call
	 * ended it.
	 */
	boolean endOfOldAge(long now) {
		this.lifecycle.markOverdue();
		return this.lifecycle.isReading() && !hasQueuedBytes()
				&& endBetweenExchanges(CloseReason.MAX_AGE, now, Long.MIN_VALUE);
	}

	/**
	 * Whether the kernel has bytes of the peer that are not read yet.
	 */
	boolean hasQueuedBytes() {
		try {
			return this.path.socket().available() > 0;
		}
		catch (IOException ex) {
			// Closed meanwhile
			return false;
		}
	}

	/**
	 * For how many nanoseconds it has been open.
	 * @param now {@link System#nanoTime()}
	 */
	long openNanos(long now) {
		return now - this.openedNanos;
	}

	/**
	 * Ends the connection at once, whatever is under way or unsent: the socket is closed,
	 * so a read or write that waits fails, and a handler that does something else is
	 * interrupted.
	 * @param reason why, unless it is ending for another reason already
	 */
	void abort(CloseReason reason) {
		this.lifecycle.end(reason);
		try {
			this.path.socket().close();
		}
		catch (IOException ex) {
			debug(ex, "at close");
		}
		this.interrupt.send();
	}

	// That time is neither idle nor blocked
	void noteComputing(long now) {
		if (this.lifecycle.isComputing()) {
			this.computingNanos = now;
		}
	}

	// Whether the server ended it and the time to read on is over
	boolean isLingerOver(long now) {
		return this.lifecycle.isEnded() && this.path.socket().isOpen()
				&& now - this.endedNanos >= GracefulClose.LINGER_TIME.toNanos();
	}

	long computingNanos() {
		return this.computingNanos;
	}

	// What follows is for the connection's own threads

	ConnectionLifecycle lifecycle() {
		return this.lifecycle;
	}

	ConnectionCounters counters() {
		return this.counters;
	}

	ConnectionPath path() {
		return this.path;
	}

	HandlerInterrupt interrupt() {
		return this.interrupt;
	}

	GracefulClose close() {
		return this.close;
	}

	void begins() {
		this.begun = true;
	}

	// A stream that the handler has closed, and a read or write that has failed, have
	// ended the connection before it is known what the end fell into
	void endedBy(CloseReason outcome) {
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

	void debug(Throwable ex, String when) {
		if (logger.isDebugEnabled()) {
			fields(logger.atDebug()).log("{}: {} {}", peerText(), PeerText.escape(ex.toString()), when);
		}
	}

	/**
	 * Names this connection in a log event, so that structured logs have it in fields of
	 * its own.
	 * @param event an event that is being built
	 * @return the event
	 */
	public LoggingEventBuilder fields(LoggingEventBuilder event) {
		return event.addKeyValue("connection", this.id).addKeyValue("peer", peerText());
	}

	@Override
	public String toString() {
		return "connection " + this.id + " from " + peerText();
	}

}
