package io.weir.monitor;

import java.time.Duration;
import java.util.Map;

import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;

/**
 * Findings about handlers that have not ended with their connections.
 */
record HandlerFindings(ConnectionRegistry connections) implements Evidence.Rule {

	private static final Duration GRACE = Duration.ofSeconds(10);

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		int count = 0;
		Connection oldest = null;
		for (Connection connection : this.connections.connections()) {
			if (connection.endedFor().compareTo(GRACE) >= 0) {
				count++;
				oldest = (oldest == null || connection.id() < oldest.id()) ? connection : oldest;
			}
		}
		if (oldest != null) {
			findings.put(FindingKind.HANDLERS_LEFT, finding(count, oldest));
		}
	}

	private static Finding finding(int count, Connection oldest) {
		return new Finding("protocol",
				"handlers that have not ended %s after their connections: %d, one of them on thread connection-%d; "
					.formatted(TimeText.of(GRACE), count, oldest.id()) + "each keeps a place of max-connections",
				"Have the handler end when its thread is interrupted and when a read or write throws; a thread dump "
						+ "(jcmd <pid> Thread.dump_to_file <file>) shows where it is");
	}

}
