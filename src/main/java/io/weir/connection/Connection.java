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

	private final SocketKey socketKey;

	private final Instant openedAt = Instant.now();

	private final long openedNanos = System.nanoTime();

	private final ConnectionLifecycle lifecycle;

	private final ConnectionCounters counters = new ConnectionCounters(this.openedNanos);

	private final ConnectionEnd end;

	private volatile long rttMicros = -1;

	private volatile long retransmits = -1;

	private volatile boolean begun;

	private volatile @Nullable Object observation;

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
		this.local = (InetSocketAddress) channel.getLocalAddress();
		InetSocketAddress remote = (InetSocketAddress) channel.getRemoteAddress();
		this.socketKey = SocketKey.of(this.local, remote);
		this.path = new ConnectionPath(new PlainTransport(channel, thread), remote, first, this.openedNanos);
		this.lifecycle = new ConnectionLifecycle(first != null);
		this.end = new ConnectionEnd(thread, this.path, this.lifecycle, this.counters, this::debug);
	}

	/**
	 * The connection's number, unique in this process. The first one has 1.
	 */
	public long id() {
		return this.id;
	}

	/**
	 * The client's address and port; behind a trusted proxy as the proxy has named it.
	 */
	public InetSocketAddress peer() {
		return this.path.peer();
	}

	/**
	 * The client as {@code address:port}, for instance {@code 127.0.0.1:40112}.
	 */
	public String peerText() {
		return SocketAddresses.text(peer());
	}

	/**
	 * The address and port of the proxy that the client came by; null if it came itself.
	 */
	public @Nullable InetSocketAddress via() {
		return this.path.via();
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
	 * Has the client's first bytes looked at. To be called on its thread, before that.
	 * @param watcher looks at them
	 */
	public void watchFirstBytes(FirstBytes watcher) {
		this.path.watchFirstBytes(watcher);
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
		return this.counters.progressNanos();
	}

	/**
	 * Bytes of the peer's application that were read, or thrown away while closing.
	 */
	public long bytesReceived() {
		return this.counters.received();
	}

	/**
	 * Bytes that a layer has read of the socket and its handler, in no read, has not.
	 */
	public int bytesHeld() {
		return this.path.transport().held();
	}

	/**
	 * Bytes of the application that were handed to the kernel to send.
	 */
	public long bytesSent() {
		return this.counters.sent();
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
	 * Why it was closed; null while it is open, and if it was rejected.
	 */
	public @Nullable CloseReason closeReason() {
		return (this.lifecycle.reason() instanceof CloseReason reason) ? reason : null;
	}

	/**
	 * Why it ended, or is about to; null before that.
	 */
	public @Nullable EndReason endReason() {
		return this.lifecycle.reason();
	}

	/**
	 * For how long it has ended and its handler's thread has not; zero while it is open.
	 */
	public Duration endedFor() {
		return this.end.endedFor();
	}

	/**
	 * What a monitor remembers of it; null if nothing. The connection carries it, so it
	 * lives as long, and to find it needs no table.
	 */
	public @Nullable Object observation() {
		return this.observation;
	}

	/**
	 * Has it carry what a monitor remembers of it.
	 */
	public void observe(Object observed) {
		this.observation = observed;
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
		return this.end.failure();
	}

	/**
	 * What failed and so made it end or be refused, escaped and cut; null if nothing did.
	 */
	public @Nullable String causeText() {
		Throwable failed = this.end.cause();
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
	 * Smoothed round-trip time of the last sample in microseconds; -1 without one.
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
		return this.lifecycle.isWriting()
				? Duration.ofNanos(Math.max(0, System.nanoTime() - this.counters.writtenNanos())) : Duration.ZERO;
	}

	/**
	 * Ends the connection as a peer that behaves expects it: with a FIN; its thread reads
	 * on to the peer's end of stream, for a bounded time, and closes. One that is
	 * rejected is closed at once. Does nothing if the connection is ending already. Any
	 * thread may call; waits for nobody.
	 * @param reason why
	 * @return whether this call ended it
	 */
	public boolean end(EndReason reason) {
		return this.end.end(reason);
	}

	void abort(EndReason reason) {
		this.end.abort(reason);
	}

	/**
	 * For how many nanoseconds it has been open.
	 * @param now {@link System#nanoTime()}
	 */
	long openNanos(long now) {
		return now - this.openedNanos;
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

	ConnectionEnd ending() {
		return this.end;
	}

	void begins() {
		this.begun = true;
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
	 */
	public LoggingEventBuilder fields(LoggingEventBuilder event) {
		return event.addKeyValue("connection", this.id).addKeyValue("peer", peerText());
	}

	@Override
	public String toString() {
		return "connection " + this.id + " from " + peerText();
	}

}
