package io.weir.monitor;

import java.time.Duration;
import java.util.Map;

import io.weir.server.EffectiveSettings;
import io.weir.server.Setting;
import io.weir.server.SocketSettings.KeepAlive;
import io.weir.tls.TlsStatus;

/**
 * Findings about how many connections fit, and how long dead ones take room.
 */
final class CapacityFindings implements Evidence.Rule {

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		files(evidence.settings().maxConnections(), findings);
		AcceptQueue queue = evidence.acceptQueue();
		if (queue != null && evidence.fullFor().compareTo(FullTime.LONG) >= 0) {
			findings.put(FindingKind.FULL_FOR_LONG,
					full(evidence.server().serving().maxConnections(), evidence.fullFor(), queue.length()));
		}
		KeepAlive keepAlive = evidence.server().sockets().keepAlive();
		Duration idleTimeout = evidence.server().serving().idleTimeout();
		if (keepAlive != null && !idleTimeout.isZero() && keepAlive.time().compareTo(idleTimeout) > 0) {
			findings.put(FindingKind.KEEP_ALIVE_TOO_SLOW, keepAlive(keepAlive, idleTimeout));
		}
		if (evidence.tls() != null) {
			heap(evidence.server().serving().maxConnections(), findings);
		}
	}

	private static void files(Setting maxConnections, Map<FindingKind, Finding> findings) {
		Long requested = maxConnections.requested();
		Long fitting = maxConnections.maximum();
		if (maxConnections.limitedBy() != null && requested != null && fitting != null) {
			findings.put(FindingKind.TOO_FEW_FILES, new Finding("max-connections",
					"%d requested, but the process's limit of open files leaves room for %d".formatted(requested,
							fitting),
					"Raise the limit of open files to %d or more (ulimit -n, docker run --ulimit nofile, LimitNOFILE)%s"
						.formatted(requested + EffectiveSettings.RESERVED_FILES,
								(fitting > 0) ? ", or set tcp.server.max-connections to " + fitting : "")));
		}
	}

	private static Finding full(int maxConnections, Duration time, long waiting) {
		return new Finding("max-connections",
				"all of %d places have been taken for %s, and %d clients wait in the accept queue"
					.formatted(maxConnections, TimeText.measured(time), waiting),
				"Raise tcp.server.max-connections as far as memory and open files allow, add replicas, "
						+ "or end idle connections by a shorter tcp.server.idle-timeout");
	}

	private static Finding keepAlive(KeepAlive keepAlive, Duration idleTimeout) {
		return new Finding("keep-alive",
				"finds a dead peer after %s, but the idle timeout ends the connection after %s"
					.formatted(TimeText.of(keepAlive.time()), TimeText.of(idleTimeout)),
				"Lower tcp.server.keep-alive.idle, interval or count, raise tcp.server.idle-timeout, "
						+ "or set tcp.server.keep-alive.enabled to false");
	}

	private static void heap(int maxConnections, Map<FindingKind, Finding> findings) {
		long heap = Runtime.getRuntime().maxMemory();
		long fitting = TlsStatus.connectionsFitting(heap);
		if (maxConnections > fitting) {
			findings.put(FindingKind.TOO_LITTLE_HEAP, new Finding("max-connections",
					"%d requested, but a heap of %d MB has room for only %d with TLS whose peers send much and read nothing"
						.formatted(maxConnections, heap / 1024 / 1024, fitting),
					"Give the JVM more memory (-Xmx, -XX:MaxRAMPercentage), or set tcp.server.max-connections to %d"
						.formatted(fitting)));
		}
	}

}
