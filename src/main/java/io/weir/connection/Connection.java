package io.weir.connection;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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
import io.weir.transport.FirstBytes;
import io.weir.transport.LayeredConnection;
import io.weir.transport.PlainTransport;
import io.weir.transport.SecureSession;
import io.weir.transport.SocketAddresses;
import io.weir.transport.Transport;

/**
 * One accepted connection: who it is, what it has counted, where it stands, and the way
 * to end it. Each counter has one writer, the thread that reads or the one that writes,
 * and may be read by any thread (opaque access, so that it costs nothing on the byte's
 * way). Any thread may {@linkplain #end end} the connection, for one reason.
 */
public final class Connection implements LayeredConnection {

	private static final VarHandle RECEIVED = field("bytesReceived", long.class);

	private static final VarHandle SENT = field("bytesSent", long.class);

	private static final VarHandle UNANSWERED = field("bytesUnanswered", long.class);

	private static final VarHandle RECORDS = field("records", long.class);

	private static final VarHandle RECEIVED_AT = field("receivedNanos", long.class);

	private static final VarHandle SENT_AT = field("sentNanos", long.class);

	private static final Logger logger = LoggerFactory.getLogger(Connection.class);

	private final long id;

	private final SocketChannel channel;

	private final ConnectionThread thread;

	private final PlainTransport socket;

	// The socket, or the uppermost layer that is agreed on
	private volatile Transport transport;

	private final InetSocketAddress local;

	private final InetSocketAddress peer;

	private final SocketKey socketKey;

	private final Instant openedAt = Instant.now();

	private final long openedNanos = System.nanoTime();

	private final ConnectionLifecycle lifecycle;

	private volatile @Nullable SecureSession session;

	private volatile @Nullable Layer layer;

	private volatile long layerNanos = this.openedNanos;

	private volatile long endedNanos;

	private volatile @Nullable Throwable failure;

	// Guarded by this
	private boolean handling;

	private long bytesReceived;

	private long bytesSent;

	@SuppressWarnings("UnusedVariable") // Read through its VarHandle
	private long bytesUnanswered;

	private long records;

	// Read through their VarHandles
	@SuppressWarnings("UnusedVariable")
	private long receivedNanos = this.openedNanos;

	@SuppressWarnings("UnusedVariable")
	private long sentNanos = this.openedNanos;

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
		this.thread = thread;
		this.socket = new PlainTransport(channel, thread);
		this.transport = this.socket;
		this.layer = first;
		this.lifecycle = new ConnectionLifecycle(first != null);
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
		this.socket.watchFirstBytes(watcher);
	}

	/**
	 * What protects its bytes; null before that is agreed on, and without TLS.
	 */
	public @Nullable SecureSession session() {
		return this.session;
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
		long read = (long) RECEIVED_AT.getOpaque(this);
		long written = (long) SENT_AT.getOpaque(this);
		return (read - written > 0) ? read : written;
	}

	/**
	 * When the write that is under way began, or last moved a byte; later by at most a
	 * round of the watchdog where the handler had computed before.
	 */
	long writtenNanos() {
		long written = (long) SENT_AT.getOpaque(this);
		long computing = this.computingNanos;
		return (computing - written > 0) ? computing : written;
	}

	/**
	 * Bytes that the peer's application sent and that were read, those included that were
	 * thrown away while closing.
	 */
	public long bytesReceived() {
		return (long) RECEIVED.getOpaque(this);
	}

	/**
	 * Bytes of the application that were handed to the kernel to send.
	 */
	public long bytesSent() {
		return (long) SENT.getOpaque(this);
	}

	/**
	 * Bytes that were received and not served because the server ended the connection:
	 * thrown away while closing, or left over from a write that was cut off. Exact once
	 * the connection is closed.
	 */
	long bytesUnanswered() {
		return (long) UNANSWERED.getOpaque(this);
	}

	/**
	 * Records unpacked.
	 */
	public long records() {
		return (long) RECORDS.getOpaque(this);
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
	 * What failed in its handler or in this server; null unless the reason for its end is
	 * {@link CloseReason#HANDLER_ERROR}.
	 */
	public @Nullable Throwable failure() {
		return this.failure;
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
		// Before the state, so that whoever sees that one sees this one too
		if (!this.lifecycle.isEnded()) {
			this.endedNanos = System.nanoTime();
		}
		boolean ended = this.lifecycle.end(reason);
		if (ended) {
			GracefulClose.sendEndElsewhere(this);
		}
		return ended;
	}

	/**
	 * Ends the connection if it stands between two exchanges, or is in a layer, and has
	 * been quiet for a while.
	 * @param reason why
	 * @param now {@link System#nanoTime()}
	 * @param quietNanos for how long at least no byte may have moved
	 * @return whether this call ended it
	 */
	boolean endBetweenExchanges(CloseReason reason, long now, long quietNanos) {
		if (now - progressNanos() < quietNanos || this.lifecycle.isEnded()) {
			return false;
		}
		this.endedNanos = now;
		boolean ended = this.lifecycle.endBetweenExchanges(reason);
		if (ended) {
			GracefulClose.sendEndElsewhere(this);
		}
		return ended;
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
			this.socket.close();
		}
		catch (IOException ex) {
			debug(ex, "at close");
		}
		synchronized (this) {
			if (this.handling && !this.thread.isOwnThread()) {
				this.thread.interrupt();
			}
		}
	}

	synchronized void handlerBegins() {
		this.handling = true;
	}

	// No interrupt meant for the handler gets to what comes after it
	synchronized void handlerEnds() {
		this.handling = false;
		Thread.interrupted();
	}

	/**
	 * Whether it has been waiting for a byte from the peer for longer.
	 * @param now {@link System#nanoTime()}
	 * @param nanos how long
	 * @param sinceComputing what the time since the handler was last seen computing may
	 * be too long by
	 */
	boolean isIdle(long now, long nanos, long sinceComputing) {
		return this.lifecycle.isReading() && now - progressNanos() >= nanos
				&& now - this.computingNanos - sinceComputing >= nanos;
	}

	boolean isWriting() {
		return this.lifecycle.isWriting();
	}

	/**
	 * Notes that the handler computes: that time is neither idle nor blocked.
	 * @param now {@link System#nanoTime()}
	 */
	void noteComputing(long now) {
		if (this.lifecycle.isComputing()) {
			this.computingNanos = now;
		}
	}

	/**
	 * Whether bytes wait in the kernel that the connection's thread has not come to read.
	 */
	boolean hasQueuedBytes() {
		try {
			return this.socket.available() > 0;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * The layer whose time is over.
	 * @param now {@link System#nanoTime()}
	 * @return null if none is under way, or it has time left
	 */
	@Nullable Layer overdueLayer(long now) {
		Layer present = this.layer;
		boolean overdue = present != null && this.lifecycle.isInLayers() && !present.timeout().isZero()
				&& now - this.layerNanos >= present.timeout().toNanos();
		return overdue ? present : null;
	}

	/**
	 * Whether the server ended it and the time to read on is over.
	 * @param now {@link System#nanoTime()}
	 */
	boolean isLingerOver(long now) {
		return this.lifecycle.isEnded() && this.socket.isOpen()
				&& now - this.endedNanos >= GracefulClose.LINGER_TIME.toNanos();
	}

	// What follows is for the connection's own threads

	ConnectionLifecycle lifecycle() {
		return this.lifecycle;
	}

	PlainTransport socket() {
		return this.socket;
	}

	Transport transport() {
		return this.transport;
	}

	// The first one began with the accept
	void layerBegins(Layer next) {
		if (!next.equals(this.layer)) {
			this.layerNanos = System.nanoTime();
			this.layer = next;
		}
	}

	void layerAgreed(Transport upper) {
		this.transport = upper;
		RECEIVED_AT.setOpaque(this, System.nanoTime());
	}

	@Override
	public void secured(SecureSession agreed) {
		this.session = agreed;
		if (logger.isDebugEnabled()) {
			// A name may have any character: none may begin a log line
			String subject = String.valueOf(agreed.peerSubject()).replaceAll("\\p{Cntrl}", "?");
			fields(logger.atDebug()).log("{}: {}, {}, {}", peerText(), agreed.protocol(), agreed.cipherSuite(),
					subject);
		}
	}

	// A stream that the handler has closed has ended the connection before it is known
	// what the end fell into
	void endedBy(CloseReason outcome) {
		if (!this.lifecycle.isEnded()) {
			this.endedNanos = System.nanoTime();
		}
		if (!this.lifecycle.end(outcome) && (outcome == CloseReason.PARTIAL_RECORD || outcome == CloseReason.EMPTY)) {
			this.lifecycle.replace(CloseReason.END_OF_STREAM, outcome);
		}
	}

	void failed(Throwable cause) {
		if (this.failure == null) {
			this.failure = cause;
		}
	}

	void received(int count) {
		RECEIVED.setOpaque(this, this.bytesReceived + count);
		RECEIVED_AT.setOpaque(this, System.nanoTime());
	}

	void sent(int count) {
		SENT.setOpaque(this, this.bytesSent + count);
		SENT_AT.setOpaque(this, System.nanoTime());
	}

	// Spares a look at the clock: what a handler writes most often answers what it has
	// read
	void writeBegins() {
		long read = (long) RECEIVED_AT.getOpaque(this);
		if (read - (long) SENT_AT.getOpaque(this) > 0) {
			SENT_AT.setOpaque(this, read);
		}
	}

	void unanswered(int count) {
		UNANSWERED.getAndAdd(this, (long) count);
	}

	long recordUnpacked() {
		long count = this.records + 1;
		RECORDS.setOpaque(this, count);
		return count;
	}

	void debug(Throwable ex, String when) {
		if (logger.isDebugEnabled()) {
			fields(logger.atDebug()).log("{}: {} {}", peerText(), ex.toString(), when);
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

	private static VarHandle field(String name, Class<?> type) {
		try {
			return MethodHandles.lookup().findVarHandle(Connection.class, name, type);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

}
