package io.weir.monitor;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionListener;
import io.weir.connection.RejectReason;

/**
 * Remembers the last connections that ended. Those that were refused, or ended before a
 * byte came, are kept apart, so that checks and scans push no others out. Each is a
 * Flight Recorder event, too. Safe for any thread.
 */
public final class ConnectionHistory implements ConnectionListener {

	private static final Comparator<ClosedConnection> NEWEST_FIRST = (one, other) -> Long
		.signum(other.closedNanos() - one.closedNanos());

	private final int size;

	private final Ring served;

	private final Ring unserved;

	private final Diagnoses diagnoses;

	/**
	 * Creates an empty history.
	 * @param size how many connections of each kind are remembered; 0 is none
	 * @param diagnoses why they were slow
	 */
	public ConnectionHistory(int size, Diagnoses diagnoses) {
		this.size = size;
		this.diagnoses = diagnoses;
		this.served = new Ring(size);
		this.unserved = new Ring(size);
	}

	@Override
	public void closed(Connection connection, CloseReason reason) {
		ended(connection, reason.text(), (reason == CloseReason.EMPTY) ? this.unserved : this.served);
	}

	@Override
	public void rejected(Connection connection, RejectReason reason) {
		ended(connection, reason.text(), this.unserved);
	}

	private void ended(Connection connection, String reason, Ring ring) {
		ConnectionClosedEvent event = new ConnectionClosedEvent();
		if (isWanted(event)) {
			keep(ClosedConnection.of(connection, reason, this.diagnoses.last(connection)), ring, event);
		}
	}

	@Override
	public void rejected(InetSocketAddress peer, RejectReason reason) {
		ConnectionClosedEvent event = new ConnectionClosedEvent();
		if (isWanted(event)) {
			keep(ClosedConnection.refused(peer, reason.text()), this.unserved, event);
		}
	}

	private boolean isWanted(ConnectionClosedEvent event) {
		return this.size > 0 || event.shouldCommit();
	}

	private void keep(ClosedConnection closed, Ring ring, ConnectionClosedEvent event) {
		if (this.size > 0) {
			ring.add(closed);
		}
		if (event.shouldCommit()) {
			event.record(closed);
		}
	}

	/**
	 * The remembered connections that match.
	 * @param filter which ones
	 * @return the newest first
	 */
	public List<ClosedConnection> find(Predicate<ClosedConnection> filter) {
		return Stream.concat(this.served.entries(), this.unserved.entries())
			.filter(filter)
			.sorted(NEWEST_FIRST)
			.toList();
	}

	/**
	 * The last entries, as many as there is room for.
	 */
	private static final class Ring {

		private final @Nullable ClosedConnection[] entries;

		private int next;

		Ring(int size) {
			this.entries = new ClosedConnection[size];
		}

		synchronized void add(ClosedConnection entry) {
			this.entries[this.next] = entry;
			this.next = (this.next + 1) % this.entries.length;
		}

		Stream<ClosedConnection> entries() {
			@Nullable ClosedConnection[] copy;
			synchronized (this) {
				copy = this.entries.clone();
			}
			return Arrays.stream(copy).filter(Objects::nonNull);
		}

	}

}
