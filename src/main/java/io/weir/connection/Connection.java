package io.weir.connection;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

import io.weir.kernel.SocketKey;

/**
 * One accepted connection: reads and writes for its handler, counts, and ends once, for
 * one reason.
 * <p>
 * The connection's own thread reads, writes and counts; its counters have this one writer
 * and may be read by any thread (opaque access, so that they cost nothing on the byte's
 * way). Any thread may {@linkplain #end end} it.
 */
@SuppressWarnings("EnumOrdinal") // Of this package's own enum; see the states below
public final class Connection {

	/**
	 * How long a connection that the server ended is read on, so that the peer gets a FIN
	 * and no RST.
	 */
	public static final Duration LINGER_TIME = Duration.ofSeconds(1);

	/**
	 * How many bytes of a connection that the server ended are read and thrown away at
	 * the most.
	 */
	static final int LINGER_BYTES = 1024 * 1024;

	// Where the connection stands. Its own thread moves it on with compareAndSet, so that
	// it sees at once when another thread has ended it: the state is then ENDED plus the
	// reason's ordinal, set in one step. AWAITING and READING are apart because a drain
	// closes a connection only between two exchanges.

	private static final int HANDSHAKING = 0;

	private static final int AWAITING = 1;

	private static final int READING = 2;

	private static final int WRITING = 3;

	private static final int ENDED = 4;

	private static final CloseReason[] REASONS = CloseReason.values();

	private static final VarHandle STATE = field("state", int.class);

	private static final VarHandle RECEIVED = field("bytesReceived", long.class);

	private static final VarHandle SENT = field("bytesSent", long.class);

	private static final VarHandle RECORDS = field("records", long.class);

	private static final VarHandle PROGRESS = field("progressNanos", long.class);

	private static final Logger logger = LoggerFactory.getLogger(Connection.class);

	private final long id;

	private final SocketChannel channel;

	// What the handler's bytes go through: the socket itself, or what protects it
	private ByteChannel bytes;

	private @Nullable SecureChannel secure;

	private volatile @Nullable SecureSession session;

	private final InetSocketAddress peer;

	private final SocketKey socketKey;

	private final Instant openedAt = Instant.now();

	private final long openedNanos = System.nanoTime();

	private volatile int state = READING;

	private volatile long endedNanos;

	private boolean endOfStream;

	private @Nullable Throwable failure;

	private @Nullable ThreadPlacement placement;

	private long bytesReceived;

	private long bytesSent;

	private long bytesUnanswered;

	private long records;

	@SuppressWarnings("UnusedVariable") // Read through its VarHandle
	private long progressNanos = this.openedNanos;

	Connection(long id, SocketChannel channel) throws IOException {
		this.id = id;
		this.channel = channel;
		this.bytes = channel;
		this.peer = (InetSocketAddress) channel.getRemoteAddress();
		this.socketKey = SocketKey.of((InetSocketAddress) channel.getLocalAddress(), this.peer);
	}

	/**
	 * The connection's number, unique in this process.
	 * @return the first is 1
	 */
	public long id() {
		return this.id;
	}

	/**
	 * The peer's address and port.
	 * @return always IPv4
	 */
	public InetSocketAddress peer() {
		return this.peer;
	}

	/**
	 * This side's address and port.
	 * @return always IPv4; null once it is closed
	 */
	public @Nullable InetSocketAddress local() {
		try {
			return (InetSocketAddress) this.channel.getLocalAddress();
		}
		catch (IOException ex) {
			return null;
		}
	}

	/**
	 * The four-tuple of its socket, as the kernel knows it.
	 * @return the same also after the close
	 */
	public SocketKey socketKey() {
		return this.socketKey;
	}

	/**
	 * The peer as {@code address:port}.
	 * @return for instance {@code 127.0.0.1:40112}
	 */
	public String peerText() {
		return this.peer.getAddress().getHostAddress() + ":" + this.peer.getPort();
	}

	/**
	 * The accepted socket, for its options and addresses. Bytes go through {@link #read},
	 * {@link #readNext} and {@link #write}, which count them.
	 * @return the channel, in blocking mode
	 */
	public SocketChannel channel() {
		return this.channel;
	}

	/**
	 * Protects its bytes; called on its own thread, before it is served.
	 * @param secure over its channel, handshake not begun
	 */
	public void secure(SecureChannel secure) {
		this.secure = secure;
		this.bytes = secure;
		if (!STATE.compareAndSet(this, READING, HANDSHAKING)) {
			fields(logger.atDebug()).log("{}: ended before its handshake", peerText());
		}
	}

	/**
	 * What the handshake agreed on.
	 * @return null before its end, and if its bytes are not protected
	 */
	public @Nullable SecureSession session() {
		return this.session;
	}

	/**
	 * When it was accepted.
	 * @return the wall clock's time
	 */
	public Instant openedAt() {
		return this.openedAt;
	}

	/**
	 * How long it has been open.
	 * @return at most until now; it does not stop at the close
	 */
	public Duration age() {
		return Duration.ofNanos(System.nanoTime() - this.openedNanos);
	}

	/**
	 * For how long no byte has gone in either direction.
	 * @return the time since the last read or write that moved a byte
	 */
	public Duration idleFor() {
		return Duration.ofNanos(Math.max(0, System.nanoTime() - progressNanos()));
	}

	/**
	 * Bytes that the peer's application sent and that were read, those included that were
	 * thrown away while closing.
	 * @return never less than before
	 */
	public long bytesReceived() {
		return (long) RECEIVED.getOpaque(this);
	}

	/**
	 * Bytes that were handed to the kernel to send; of a protected connection, those of
	 * the application.
	 * @return never less than before
	 */
	public long bytesSent() {
		return (long) SENT.getOpaque(this);
	}

	/**
	 * Bytes that were received and not served because the server ended the connection:
	 * thrown away while closing, or left over from a write that was cut off. Exact once
	 * the connection is closed.
	 * @return 0 unless the server ended it
	 */
	long bytesUnanswered() {
		return this.bytesUnanswered;
	}

	/**
	 * Records unpacked.
	 * @return never less than before
	 */
	public long records() {
		return (long) RECORDS.getOpaque(this);
	}

	/**
	 * What the connection's thread is at.
	 * @return the state now
	 */
	public ConnectionState state() {
		return switch (this.state) {
			case HANDSHAKING -> ConnectionState.HANDSHAKING;
			case AWAITING, READING -> ConnectionState.READING;
			case WRITING -> ConnectionState.WRITING;
			default -> ConnectionState.CLOSING;
		};
	}

	/**
	 * Why it ended.
	 * @return null while it is open
	 */
	public @Nullable CloseReason closeReason() {
		int now = this.state;
		return (now < ENDED) ? null : REASONS[now - ENDED];
	}

	/**
	 * Runs exchange after exchange, each on the thread that suits it, to the end of the
	 * connection.
	 * @param exchange what to run
	 * @return why the connection ended
	 * @throws IOException as the exchange does
	 */
	public CloseReason repeat(Exchange exchange) throws IOException {
		if (this.placement != null && Thread.currentThread().isVirtual()) {
			return this.placement.run(this, exchange);
		}
		CloseReason outcome = null;
		while (outcome == null) {
			outcome = exchange.run();
		}
		return outcome;
	}

	/**
	 * Sets what chooses the threads of its exchanges.
	 * @param placement shared by the connections of a server
	 */
	public void setPlacement(ThreadPlacement placement) {
		this.placement = placement;
	}

	/**
	 * Reads the first bytes of an exchange. While it waits here the connection may be
	 * drained.
	 * @param target where the bytes go, with room for at least one
	 * @return how many bytes were read, at least 1, or -1 at the end of the stream
	 * @throws IOException if the read failed or the server ended the connection
	 */
	public int readNext(ByteBuffer target) throws IOException {
		move(READING, AWAITING);
		int count = receive(target);
		if (!STATE.compareAndSet(this, AWAITING, READING)) {
			throw endedAfter(count);
		}
		return count;
	}

	/**
	 * Reads more bytes of an exchange that has begun.
	 * @param target where the bytes go, with room for at least one
	 * @return how many bytes were read, at least 1, or -1 at the end of the stream
	 * @throws IOException if the read failed or the server ended the connection
	 */
	public int read(ByteBuffer target) throws IOException {
		int count = receive(target);
		if (this.state >= ENDED) {
			throw endedAfter(count);
		}
		return count;
	}

	/**
	 * How many bytes can be read without waiting. Of a protected connection, those that
	 * are decrypted: what waits encrypted in the kernel may be half a record, or one
	 * without bytes for the application, which a read would wait behind.
	 * @return 0 if none has come
	 * @throws IOException if the socket is closed
	 */
	public int available() throws IOException {
		if (this.secure != null) {
			return this.secure.available();
		}
		return this.channel.socket().getInputStream().available();
	}

	/**
	 * Writes all that remains in the buffer.
	 * @param source the bytes; nothing remains afterwards
	 * @throws IOException if the write failed or the server ended the connection
	 */
	public void write(ByteBuffer source) throws IOException {
		try {
			move(READING, WRITING);
			while (source.hasRemaining()) {
				int count = this.bytes.write(source);
				SENT.setOpaque(this, this.bytesSent + count);
				PROGRESS.setOpaque(this, System.nanoTime());
			}
			move(WRITING, READING);
		}
		catch (IOException ex) {
			// A peer that has reset the connection waits for no answer
			if (this.state >= ENDED) {
				this.bytesUnanswered += source.remaining();
			}
			throw ex;
		}
	}

	/**
	 * Counts an unpacked record.
	 */
	public void countRecord() {
		RECORDS.setOpaque(this, this.records + 1);
	}

	/**
	 * Ends the connection as a peer that behaves expects it: shuts down the sending side;
	 * the connection's thread reads on to the peer's end of stream (for at most
	 * {@link #LINGER_TIME} or {@link #LINGER_BYTES}) and closes. Does nothing if the
	 * connection is ending already.
	 * @param reason why
	 * @return whether this call ended it
	 */
	public boolean end(CloseReason reason) {
		boolean ended = moveToEnded(reason);
		if (ended) {
			shutdownOutputElsewhere();
		}
		return ended;
	}

	/**
	 * Ends the connection only if it stands between two exchanges and has been quiet for
	 * a while; or before its first, in a handshake that takes longer.
	 * @param reason why
	 * @param now {@link System#nanoTime()}
	 * @param quietNanos for how long at least no byte may have moved
	 * @return whether this call ended it
	 */
	boolean endBetweenExchanges(CloseReason reason, long now, long quietNanos) {
		int current = this.state;
		boolean between = current == AWAITING || current == HANDSHAKING;
		if (!between || now - progressNanos() < quietNanos) {
			return false;
		}
		this.endedNanos = now;
		if (!STATE.compareAndSet(this, current, ENDED + reason.ordinal())) {
			return false;
		}
		shutdownOutputElsewhere();
		return true;
	}

	/**
	 * Ends the connection at once, whatever is under way or unsent: the blocked read or
	 * write of its thread fails.
	 * @param reason why, unless it is ending for another reason already
	 */
	void abort(CloseReason reason) {
		moveToEnded(reason);
		close(this.channel);
	}

	/**
	 * For how long its thread has been in a write without progress.
	 * @return zero if it is in none
	 */
	public Duration writeBlockedFor() {
		return (this.state == WRITING) ? idleFor() : Duration.ZERO;
	}

	/**
	 * Whether a write has been under way without progress for longer.
	 * @param now {@link System#nanoTime()}
	 * @param nanos how long
	 */
	boolean isWriteBlocked(long now, long nanos) {
		return this.state == WRITING && now - progressNanos() >= nanos;
	}

	/**
	 * Whether it has been waiting for a byte from the peer for longer.
	 * @param now {@link System#nanoTime()}
	 * @param nanos how long
	 */
	boolean isIdle(long now, long nanos) {
		int current = this.state;
		return (current == AWAITING || current == READING) && now - progressNanos() >= nanos;
	}

	/**
	 * Whether it has been in its handshake for longer.
	 * @param now {@link System#nanoTime()}
	 * @param nanos how long
	 */
	boolean isHandshaking(long now, long nanos) {
		return this.state == HANDSHAKING && now - this.openedNanos >= nanos;
	}

	/**
	 * Whether it was ended by the server and its time to linger is over.
	 * @param now {@link System#nanoTime()}
	 */
	boolean isLingerOver(long now) {
		return this.state >= ENDED && this.channel.isOpen() && now - this.endedNanos >= LINGER_TIME.toNanos();
	}

	/**
	 * Runs the handler and closes. Called once, by the connection's own thread.
	 * @param handler what serves the connection
	 * @return why the connection ended
	 */
	CloseReason run(ConnectionHandler handler) {
		CloseReason outcome;
		try {
			if (this.secure != null) {
				handshake(this.secure);
			}
			outcome = handler.handle(this);
			if (this.secure != null) {
				endOutput();
			}
		}
		catch (IOException ex) {
			CloseReason ended = closeReason();
			outcome = (ended != null) ? ended : reasonOf(ex);
			if (logger.isDebugEnabled()) {
				fields(logger.atDebug()).log("{}: {} ({})", peerText(), outcome.text(),
						(ended != null) ? "ended by the server" : ex.toString());
			}
		}
		catch (Throwable ex) {
			outcome = CloseReason.HANDLER_ERROR;
			this.failure = ex;
		}
		return close(outcome);
	}

	private void handshake(SecureChannel secure) throws IOException {
		SecureSession agreed = secure.handshake();
		this.session = agreed;
		PROGRESS.setOpaque(this, System.nanoTime());
		move(HANDSHAKING, READING);
		if (logger.isDebugEnabled()) {
			// A name may have any character: none may begin a log line
			String subject = String.valueOf(agreed.peerSubject()).replaceAll("\\p{Cntrl}", "?");
			fields(logger.atDebug()).log("{}: {}, {}, {}", peerText(), agreed.protocol(), agreed.cipherSuite(),
					subject);
		}
	}

	// The close_notify may have to wait for a slow reader, for longer than the lingering
	private void endOutput() throws ConnectionEndedException {
		PROGRESS.setOpaque(this, System.nanoTime());
		move(READING, WRITING);
		shutdownOutput();
		move(WRITING, READING);
	}

	/**
	 * Why its handler failed.
	 * @return null unless the reason for its end is {@link CloseReason#HANDLER_ERROR}
	 */
	public @Nullable Throwable failure() {
		return this.failure;
	}

	// Whatever fails at the end, for instance for want of memory: the socket is closed
	private CloseReason close(CloseReason outcome) {
		boolean first = moveToEnded(outcome);
		CloseReason ended = REASONS[this.state - ENDED];
		boolean peerIsThere = switch (ended) {
			case RESET, IO_ERROR, WRITE_TIMEOUT -> false;
			default -> this.channel.isOpen();
		};
		try {
			if (peerIsThere) {
				endStream(first);
			}
		}
		catch (RuntimeException | Error ex) {
			this.failure = (this.failure != null) ? this.failure : ex;
		}
		finally {
			close(this.bytes);
		}
		return ended;
	}

	private void endStream(boolean first) {
		// After the peer's FIN, close sends the same FIN. If another thread ended it, its
		// close_notify may not be on its way yet
		if ((first && !this.endOfStream) || this.session != null) {
			shutdownOutput();
		}
		if (!this.endOfStream) {
			discard();
		}
	}

	// A socket that is closed with unread bytes sends RST, which may destroy on the
	// peer's side what it has not read yet: so read to the end of the stream. The watch
	// bounds the time.
	private void discard() {
		ByteBuffer waste = ByteBuffer.allocate(8192);
		int left = LINGER_BYTES;
		try {
			int count = 0;
			while (count >= 0 && left > 0) {
				waste.clear().limit(Math.min(waste.capacity(), left));
				if (this.secure != null && this.session == null) {
					// What comes after a failed handshake is nothing of an application's
					count = this.channel.read(waste);
				}
				else {
					count = receive(waste);
					this.bytesUnanswered += Math.max(0, count);
				}
				left -= count;
			}
		}
		catch (IOException ex) {
			fields(logger.atDebug()).log("{}: {} while closing", peerText(), ex.toString());
		}
	}

	private int receive(ByteBuffer target) throws IOException {
		int count = this.bytes.read(target);
		while (count == 0) {
			letOthersGoFirst();
			count = this.bytes.read(target);
		}
		if (count > 0) {
			RECEIVED.setOpaque(this, this.bytesReceived + count);
			PROGRESS.setOpaque(this, System.nanoTime());
		}
		else if (count < 0) {
			this.endOfStream = true;
		}
		return count;
	}

	// A virtual thread keeps its carrier until it waits
	@SuppressWarnings("ThreadPriorityCheck")
	private void letOthersGoFirst() {
		if (this.placement != null) {
			this.placement.letOthersGoFirst();
		}
		else {
			Thread.yield();
		}
	}

	private ConnectionEndedException endedAfter(int count) {
		this.bytesUnanswered += Math.max(0, count);
		return new ConnectionEndedException();
	}

	private void move(int from, int to) throws ConnectionEndedException {
		if (!STATE.compareAndSet(this, from, to)) {
			throw new ConnectionEndedException();
		}
	}

	private boolean moveToEnded(CloseReason reason) {
		int now = this.state;
		if (now < ENDED) {
			this.endedNanos = System.nanoTime();
		}
		while (now < ENDED && !STATE.compareAndSet(this, now, ENDED + reason.ordinal())) {
			now = this.state;
		}
		return now < ENDED;
	}

	// A close_notify is a write, which may block; so not on the thread of the watch, the
	// operator or the drain. The connection's own may be blocked in a read
	private void shutdownOutputElsewhere() {
		if (this.session != null) {
			Thread.startVirtualThread(this::shutdownOutput);
		}
		else {
			shutdownOutput();
		}
	}

	private void shutdownOutput() {
		SecureChannel secure = this.secure;
		try {
			if (secure != null && this.session != null) {
				secure.shutdownOutput();
			}
			else {
				this.channel.shutdownOutput();
			}
		}
		catch (IOException ex) {
			// The peer has reset the connection, or it is closed: nothing left to say
			fields(logger.atDebug()).log("{}: {} at the end", peerText(), ex.toString());
		}
	}

	private void close(ByteChannel channel) {
		try {
			channel.close();
		}
		catch (IOException ex) {
			fields(logger.atDebug()).log("{}: {} at close", peerText(), ex.toString());
		}
	}

	/**
	 * When the last byte moved, or the connection was accepted.
	 * @return {@link System#nanoTime()}
	 */
	public long progressNanos() {
		return (long) PROGRESS.getOpaque(this);
	}

	// EPIPE and ECONNRESET can be told from other failures by their text only: the JDK's
	// own for a read, strerror's for a write.
	private CloseReason reasonOf(IOException ex) {
		if (this.state == HANDSHAKING) {
			return CloseReason.HANDSHAKE_FAILED;
		}
		String message = String.valueOf(ex.getMessage());
		return (message.startsWith("Connection reset") || message.equals("Broken pipe")) ? CloseReason.RESET
				: CloseReason.IO_ERROR;
	}

	private static VarHandle field(String name, Class<?> type) {
		try {
			return MethodHandles.lookup().findVarHandle(Connection.class, name, type);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
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
