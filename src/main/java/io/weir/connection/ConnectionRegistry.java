package io.weir.connection;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open connections, and the sums over all there ever were. Safe for any thread.
 */
public final class ConnectionRegistry {

	private static final Logger logger = LoggerFactory.getLogger(ConnectionRegistry.class);

	private final LogLimiter failures = new LogLimiter();

	private final Map<Long, Connection> open = new ConcurrentHashMap<>();

	private final List<ConnectionListener> listeners = new CopyOnWriteArrayList<>();

	private final AtomicLong accepted = new AtomicLong();

	// What closed connections had counted. Guarded by itself, together with the removal
	// from the map, so that no sum ever goes down or counts a connection twice.
	private final Map<CloseReason, Long> closed = new EnumMap<>(CloseReason.class);

	private long receivedByClosed;

	private long sentByClosed;

	private long recordsOfClosed;

	private long unansweredByClosed;

	/**
	 * Creates an empty registry.
	 */
	public ConnectionRegistry() {
		for (CloseReason reason : CloseReason.values()) {
			this.closed.put(reason, 0L);
		}
	}

	/**
	 * Adds a listener, told of every connection from now on.
	 * @param listener the listener
	 */
	public void addListener(ConnectionListener listener) {
		this.listeners.add(listener);
	}

	/**
	 * Registers an accepted socket.
	 * @param channel the socket, connected
	 * @return its connection, open
	 * @throws IOException if the socket is not connected any more
	 */
	public Connection open(SocketChannel channel) throws IOException {
		Connection connection = new Connection(this.accepted.incrementAndGet(), channel);
		this.open.put(connection.id(), connection);
		return connection;
	}

	/**
	 * Serves a connection to its end, tells the listeners and adds its counts to the
	 * sums. Called by the connection's own thread.
	 * @param connection an open connection of this registry
	 * @param handler what serves it
	 */
	public void serve(Connection connection, ConnectionHandler handler) {
		CloseReason reason = CloseReason.HANDLER_ERROR;
		try {
			this.listeners.forEach((listener) -> listener.opened(connection));
			reason = connection.run(handler);
			logFailure(connection);
		}
		finally {
			connection.abort(reason);
			remove(connection, reason);
			for (ConnectionListener listener : this.listeners) {
				listener.closed(connection, reason);
			}
		}
	}

	/**
	 * Closes a connection that was accepted but can't be served.
	 * @param connection an open connection of this registry
	 */
	public void reject(Connection connection) {
		connection.abort(CloseReason.IO_ERROR);
		synchronized (this.closed) {
			this.open.remove(connection.id());
		}
	}

	private void logFailure(Connection connection) {
		Throwable failure = connection.failure();
		long suppressed = (failure != null) ? this.failures.tryAcquire() : -1;
		if (suppressed >= 0) {
			connection.fields(logger.atWarn())
				.setCause(failure)
				.log("The handler of {} failed, which is a bug or a want of memory; only this connection is closed "
						+ "({} such lines were left out before)", connection, suppressed);
		}
	}

	private void remove(Connection connection, CloseReason reason) {
		synchronized (this.closed) {
			this.open.remove(connection.id());
			this.closed.merge(reason, 1L, Long::sum);
			this.receivedByClosed += connection.bytesReceived();
			this.sentByClosed += connection.bytesSent();
			this.recordsOfClosed += connection.records();
			this.unansweredByClosed += connection.bytesUnanswered();
		}
	}

	/**
	 * The open connections.
	 * @return a live view, in no particular order
	 */
	public Collection<Connection> connections() {
		return Collections.unmodifiableCollection(this.open.values());
	}

	/**
	 * The open connection of a number.
	 * @param id {@link Connection#id()}
	 * @return null if there is none (any more)
	 */
	public @Nullable Connection find(long id) {
		return this.open.get(id);
	}

	/**
	 * How many connections are open.
	 * @return those being closed included
	 */
	public int active() {
		return this.open.size();
	}

	/**
	 * How many connections were accepted so far.
	 * @return never less than before
	 */
	public long accepted() {
		return this.accepted.get();
	}

	/**
	 * Sums over all connections, the open and the closed ones.
	 * @return no sum is less than in an earlier call
	 */
	public Totals totals() {
		synchronized (this.closed) {
			long received = this.receivedByClosed;
			long sent = this.sentByClosed;
			long records = this.recordsOfClosed;
			for (Connection connection : this.open.values()) {
				received += connection.bytesReceived();
				sent += connection.bytesSent();
				records += connection.records();
			}
			return new Totals(received, sent, records, this.unansweredByClosed, new EnumMap<>(this.closed));
		}
	}

	/**
	 * Sums over all connections so far.
	 *
	 * @param bytesReceived bytes read from all sockets
	 * @param bytesSent bytes written to all sockets
	 * @param records records unpacked
	 * @param bytesUnanswered bytes that were received and not served, because the server
	 * ended their connection; of closed connections only
	 * @param closed how many connections ended, by reason; every reason is there
	 */
	public record Totals(long bytesReceived, long bytesSent, long records, long bytesUnanswered,
			Map<CloseReason, Long> closed) {

		/**
		 * How many connections ended for one reason.
		 * @param reason the reason
		 * @return 0 or more
		 */
		public long closed(CloseReason reason) {
			return this.closed.getOrDefault(reason, 0L);
		}

	}

}
