package io.weir.monitor;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ConnectionDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketKey;
import io.weir.kernel.Source;
import io.weir.server.TcpServer;

/**
 * The open connections with the kernel's figures of each, read at each call. Safe for any
 * thread.
 */
public class OpenConnections {

	private static final long BLOCKED_SECONDS = 1;

	private final TcpServer server;

	private final ConnectionRegistry registry;

	private final SocketDiagnostics diagnostics;

	private final boolean off;

	private final Diagnoses diagnoses;

	/**
	 * Creates the view of a server's connections.
	 * @param off whether the kernel is not to be asked
	 */
	public OpenConnections(TcpServer server, ConnectionRegistry registry, SocketDiagnostics diagnostics, boolean off,
			Diagnoses diagnoses) {
		this.server = server;
		this.registry = registry;
		this.diagnostics = diagnostics;
		this.off = off;
		this.diagnoses = diagnoses;
	}

	/**
	 * The connections alone.
	 * @return a live view, in no particular order
	 */
	public Collection<Connection> all() {
		return this.registry.connections();
	}

	/**
	 * The first connections of an order, which costs the kernel no more than these.
	 * @param order the order, by this server's own figures and the last sample
	 * @return sorted by what was read once, as the live figures change under a sort; the
	 * kernel is asked about a connection when its row is
	 */
	public Listing<ObservedConnection> list(ConnectionOrder order, Predicate<Connection> filter, int limit) {
		long nanoTime = System.nanoTime();
		List<Keyed> matching = new ArrayList<>(this.registry.active());
		for (Connection connection : all()) {
			if (filter.test(connection)) {
				matching.add(new Keyed(order.key(connection, nanoTime, this.diagnoses), connection));
			}
		}
		matching.sort(null);
		Connection[] first = matching.stream().limit(limit).map(Keyed::connection).toArray(Connection[]::new);
		Function<Connection, Reading<ConnectionDiagnostics>> figures = figures(first.length);
		return new Listing<>(matching.size(),
				Arrays.stream(first)
					.map((connection) -> new ObservedConnection(connection, figures.apply(connection), Instant.now(),
							this.diagnoses.of(connection)))
					.iterator());
	}

	/**
	 * Whether something holds a connection up, as of the last sample.
	 */
	public boolean isSlow(Connection connection) {
		return this.diagnoses.rank(connection) > 0;
	}

	// Other sources read all sockets for one
	private Function<Connection, Reading<ConnectionDiagnostics>> figures(int rows) {
		if (this.diagnostics.source() == Source.SOCK_DIAG || rows <= 1) {
			return this::read;
		}
		Reading<Map<SocketKey, ConnectionDiagnostics>> all = readAll();
		return (connection) -> figuresOf(connection, all);
	}

	private static Reading<ConnectionDiagnostics> figuresOf(Connection connection,
			Reading<Map<SocketKey, ConnectionDiagnostics>> all) {
		return all.flatMap((figures) -> {
			ConnectionDiagnostics own = figures.get(connection.socketKey());
			return (own != null) ? new Reading.Available<>(own)
					: new Reading.Unavailable<>("the kernel has no such connection (any more)");
		});
	}

	Reading<Map<SocketKey, ConnectionDiagnostics>> readAll() {
		if (this.off) {
			return turnedOff();
		}
		InetSocketAddress address = this.server.address();
		if (address == null) {
			return new Reading.Unavailable<>("the server does not listen");
		}
		Map<SocketKey, ConnectionDiagnostics> figures = new HashMap<>();
		String failure = this.diagnostics.sample(address.getPort(),
				(sample) -> figures.put(SocketKey.of(sample), ConnectionDiagnostics.of(sample)));
		return (failure != null) ? new Reading.Unavailable<>(failure) : new Reading.Available<>(figures);
	}

	/**
	 * Finds one connection.
	 * @param id its number, as text
	 * @return null if there is none (any more)
	 */
	public @Nullable ObservedConnection find(String id) {
		Connection connection = connection(id);
		return (connection != null)
				? new ObservedConnection(connection, read(connection), Instant.now(), this.diagnoses.of(connection))
				: null;
	}

	Reading<ConnectionDiagnostics> read(Connection connection) {
		if (this.off) {
			return turnedOff();
		}
		return (this.registry.find(connection.id()) != null) ? this.diagnostics.connection(connection.socketKey())
				: new Reading.Unavailable<>("the connection is closed");
	}

	private static <T> Reading<T> turnedOff() {
		return new Reading.Unavailable<>("sampling is off: tcp.server.sampling.interval is 0");
	}

	/**
	 * Ends a connection for the operator.
	 * @param id its number, as text
	 * @return whether this call ended it
	 */
	public boolean close(String id) {
		Connection connection = connection(id);
		return connection != null && connection.end(CloseReason.CLOSED_BY_OPERATOR);
	}

	private @Nullable Connection connection(String id) {
		try {
			return this.registry.find(Long.parseLong(id));
		}
		catch (NumberFormatException ex) {
			return null;
		}
	}

	/**
	 * How many connections have a write that has been blocked for 1 s or longer.
	 */
	public long blockedWriters() {
		return all().stream()
			.filter((connection) -> connection.writeBlockedFor().toSeconds() >= BLOCKED_SECONDS)
			.count();
	}

	/**
	 * Where the kernel's figures come from.
	 */
	public Source source() {
		return this.diagnostics.source();
	}

	/**
	 * A connection with what it is sorted by, downwards.
	 */
	private record Keyed(long key, Connection connection) implements Comparable<Keyed> {

		@Override
		public int compareTo(Keyed other) {
			return Long.compare(other.key, this.key);
		}

	}

}
