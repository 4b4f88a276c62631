package io.weir.connection;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open connections, and the sums over all that there ever were. Safe for any thread.
 */
public final class ConnectionRegistry {

	private static final Logger logger = LoggerFactory.getLogger(ConnectionRegistry.class);

	private final LogLimiter failures = new LogLimiter();

	private final AtomicLong ids = new AtomicLong();

	private final Map<Long, Connection> open = new ConcurrentHashMap<>();

	private final List<ConnectionListener> listeners = new CopyOnWriteArrayList<>();

	// What is over, with the lock under which connections come and go: so each is counted
	// once in every answer, and no sum ever goes down
	private final Object lock = new Object();

	private final Map<CloseReason, Long> closed = zeros(CloseReason.class);

	private final Map<RejectReason, Long> rejected = zeros(RejectReason.class);

	private long receivedByClosed;

	private long sentByClosed;

	private long recordsOfClosed;

	private long unansweredByClosed;

	private static <E extends Enum<E>> Map<E, Long> zeros(Class<E> type) {
		Map<E, Long> zeros = new EnumMap<>(type);
		for (E constant : type.getEnumConstants()) {
			zeros.put(constant, 0L);
		}
		return zeros;
	}

	/**
	 * Adds a listener, told of every connection from now on.
	 * @param listener what it throws is logged and costs the connection nothing
	 */
	public void addListener(ConnectionListener listener) {
		this.listeners.add(listener);
	}

	/**
	 * A number for the next connection.
	 */
	public long nextId() {
		return this.ids.incrementAndGet();
	}

	/**
	 * Registers a connection, open from now on.
	 */
	public void register(Connection connection) {
		synchronized (this.lock) {
			this.open.put(connection.id(), connection);
		}
	}

	/**
	 * Closes an accepted socket that is not to be served.
	 * @param channel the socket, of no registered connection
	 */
	public void reject(SocketChannel channel, RejectReason reason) {
		synchronized (this.lock) {
			this.rejected.merge(reason, 1L, Long::sum);
		}
		try {
			if (channel.getRemoteAddress() instanceof InetSocketAddress peer) {
				tell((listener) -> listener.rejected(peer, reason));
			}
			channel.close();
		}
		catch (IOException ex) {
			logger.debug("Closing a rejected connection: {}", ex.toString());
		}
	}

	/**
	 * Closes a connection that is registered and can't be served.
	 */
	public void reject(Connection connection, RejectReason reason) {
		connection.abort(reason);
		boolean removed;
		synchronized (this.lock) {
			removed = this.open.remove(connection.id()) != null;
			if (removed) {
				this.rejected.merge(reason, 1L, Long::sum);
			}
		}
		if (removed) {
			tell((listener) -> listener.rejected(connection, reason));
		}
	}

	/**
	 * A connection is over, for its end reason.
	 */
	void ended(Connection connection) {
		switch (Objects.requireNonNull(connection.endReason())) {
			case CloseReason reason -> closed(connection, reason);
			case RejectReason reason -> reject(connection, reason);
		}
	}

	void opened(Connection connection) {
		tell((listener) -> listener.opened(connection));
	}

	private void closed(Connection connection, CloseReason reason) {
		synchronized (this.lock) {
			this.open.remove(connection.id());
			this.closed.merge(reason, 1L, Long::sum);
			this.receivedByClosed += connection.bytesReceived();
			this.sentByClosed += connection.bytesSent();
			this.recordsOfClosed += connection.records();
			this.unansweredByClosed += connection.counters().unanswered();
		}
		tell((listener) -> listener.closed(connection, reason));
	}

	private void tell(Consumer<ConnectionListener> news) {
		for (ConnectionListener listener : this.listeners) {
			try {
				news.accept(listener);
			}
			catch (Throwable ex) {
				this.failures.warn(logger,
						"A listener of connections failed, which is a bug; the connection is served all the same", ex);
			}
		}
	}

	/**
	 * The open connections, as a live view in no particular order.
	 */
	public Collection<Connection> connections() {
		return Collections.unmodifiableCollection(this.open.values());
	}

	/**
	 * Finds an open connection.
	 * @param id {@link Connection#id()}
	 * @return null if there is none (any more)
	 */
	public @Nullable Connection find(long id) {
		return this.open.get(id);
	}

	/**
	 * How many connections are open, those being closed included.
	 */
	public int active() {
		return this.open.size();
	}

	/**
	 * Sums over all connections, the open and the closed ones. No sum is less than in an
	 * earlier call.
	 */
	public Totals totals() {
		synchronized (this.lock) {
			long received = this.receivedByClosed;
			long sent = this.sentByClosed;
			long records = this.recordsOfClosed;
			for (Connection connection : this.open.values()) {
				received += connection.bytesReceived();
				sent += connection.bytesSent();
				records += connection.records();
			}
			return new Totals(this.open.size(), received, sent, records, this.unansweredByClosed,
					new EnumMap<>(this.closed), new EnumMap<>(this.rejected));
		}
	}

	/**
	 * Sums over all connections so far, taken at one moment.
	 *
	 * @param active how many are open
	 * @param bytesReceived bytes read from all sockets
	 * @param bytesSent bytes written to all sockets
	 * @param records records unpacked
	 * @param bytesUnanswered bytes that were received and not served, because the server
	 * ended their connection; of closed connections only
	 * @param closed how many connections ended, by reason; every reason is there
	 * @param rejected how many were refused after the accept, by reason; every reason is
	 * there
	 */
	public record Totals(int active, long bytesReceived, long bytesSent, long records, long bytesUnanswered,
			Map<CloseReason, Long> closed, Map<RejectReason, Long> rejected) {

		/**
		 * How many connections the kernel has handed over: those that are open, closed
		 * and rejected.
		 */
		public long accepted() {
			return this.active + sum(this.closed) + sum(this.rejected);
		}

		private static long sum(Map<?, Long> counts) {
			return counts.values().stream().mapToLong(Long::longValue).sum();
		}

		/**
		 * How many connections ended for one reason.
		 */
		public long closed(CloseReason reason) {
			return this.closed.getOrDefault(reason, 0L);
		}

		/**
		 * How many connections were refused for one reason.
		 */
		public long rejected(RejectReason reason) {
			return this.rejected.getOrDefault(reason, 0L);
		}

	}

}
