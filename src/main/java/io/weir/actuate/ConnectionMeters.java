package io.weir.actuate;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionListener;
import io.weir.connection.RejectReason;

/**
 * The meters of single connections: bytes while one is open, for a bounded number at
 * once; duration and size when one closes. Safe for any thread.
 */
public class ConnectionMeters implements ConnectionListener {

	private final MeterRegistry registry;

	private final Semaphore places;

	// The connections that have a place, with the meters of those that somebody has seen
	private final Map<Connection, List<Meter>> meters = new ConcurrentHashMap<>();

	private final Map<CloseReason, Timer> durations = new EnumMap<>(CloseReason.class);

	private final DistributionSummary received;

	private final DistributionSummary sent;

	/**
	 * Registers the meters that there always are.
	 * @param registry where to
	 * @param max how many open connections may have meters of their own
	 * @param refresher refreshes the meters of single connections
	 */
	public ConnectionMeters(MeterRegistry registry, int max, MeterRefresher refresher) {
		this.registry = registry;
		this.places = new Semaphore(max);
		for (CloseReason reason : CloseReason.values()) {
			this.durations.put(reason,
					Timer.builder("tcp.server.connection.duration")
						.tag("reason", reason.text())
						.description("How long connections were open, by the reason for their end")
						.register(registry));
		}
		this.received = size("received");
		this.sent = size("sent");
		refresher.add(this::refresh);
	}

	private DistributionSummary size(String direction) {
		return DistributionSummary.builder("tcp.server.connection.size")
			.tag("direction", direction)
			.baseUnit("bytes")
			.description("Bytes of a connection, recorded at its end")
			.register(this.registry);
	}

	@Override
	public void opened(Connection connection) {
		if (this.places.tryAcquire()) {
			this.meters.put(connection, List.of());
		}
	}

	// Not when a connection opens: most short ones end unseen, and to register and remove
	// their meters costs as much as some system calls
	private void refresh() {
		for (Connection connection : this.meters.keySet()) {
			// Atomic, so none is registered after its connection has been removed
			this.meters.computeIfPresent(connection, (key, own) -> own.isEmpty() ? register(key) : own);
		}
	}

	private List<Meter> register(Connection connection) {
		return List.of(bytes(connection, "received", Connection::bytesReceived),
				bytes(connection, "sent", Connection::bytesSent));
	}

	private Meter bytes(Connection connection, String direction, ToDoubleFunction<Connection> figure) {
		return FunctionCounter.builder("tcp.server.connection.bytes", connection, figure)
			.tag("connection", Long.toString(connection.id()))
			.tag("direction", direction)
			.baseUnit("bytes")
			.description("Bytes of one open connection")
			.register(this.registry);
	}

	// A PROXY header that was too slow may be rejected just when it has come
	@Override
	public void rejected(Connection connection, RejectReason reason) {
		remove(connection);
	}

	@Override
	public void closed(Connection connection, CloseReason reason) {
		remove(connection);
		Objects.requireNonNull(this.durations.get(reason)).record(connection.age());
		this.received.record((double) connection.bytesReceived());
		this.sent.record((double) connection.bytesSent());
	}

	private void remove(Connection connection) {
		List<Meter> own = this.meters.remove(connection);
		if (own != null) {
			own.forEach(this.registry::remove);
			this.places.release();
		}
	}

}
