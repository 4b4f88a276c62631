package io.weir.monitor;

import java.time.Duration;
import java.util.function.Supplier;

import io.weir.connection.ConnectionRegistry;
import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.connection.RejectReason;
import io.weir.server.ServerStatus;

/**
 * How those fare that were accepted and are not served yet. Safe for any thread.
 */
public class Newcomers {

	private final ConnectionRegistry registry;

	private final Supplier<ServerStatus> server;

	public Newcomers(ConnectionRegistry registry, Supplier<ServerStatus> server) {
		this.registry = registry;
		this.server = server;
	}

	/**
	 * How many were refused because this process could not serve them.
	 */
	public long failures() {
		Totals totals = this.registry.totals();
		return totals.rejected(RejectReason.THREAD_START) + totals.rejected(RejectReason.PREPARATION);
	}

	/**
	 * Whether one has waited for its thread to begin, while no other connection holds up
	 * the thread's scheduler.
	 * @param time for how long
	 */
	public boolean isWaitingForThread(Duration time) {
		return this.server.get().stalls().isEmpty() && this.registry.connections()
			.stream()
			.anyMatch((connection) -> !connection.isBegun() && connection.age().compareTo(time) > 0);
	}

}
