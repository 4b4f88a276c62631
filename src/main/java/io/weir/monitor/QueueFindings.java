package io.weir.monitor;

import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;

import io.weir.server.Setting;

/**
 * Findings about the accept queue, the SYN queue and the kernel's memory for TCP.
 */
final class QueueFindings implements Evidence.Rule {

	private static final String COOKIES = "SyncookiesSent";

	private static final String SYN_DROPS = "TCPReqQFullDrop";

	private static final String MEMORY_PRESSURES = "TCPMemoryPressures";

	private static final String MEMORY_ABORTS = "TCPAbortOnMemory";

	private final Growth overflows;

	private final Growth fullSynQueue;

	private final Growth shortMemory;

	QueueFindings(LongSupplier nanoTime) {
		this.overflows = new Growth(nanoTime);
		this.fullSynQueue = new Growth(nanoTime);
		this.shortMemory = new Growth(nanoTime);
	}

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		Setting backlog = evidence.settings().backlog();
		if (isRaised(backlog)) {
			findings.put(FindingKind.BACKLOG_CLAMPED, raised(backlog));
		}
		else if (backlog.limitedBy() != null) {
			findings.put(FindingKind.BACKLOG_CLAMPED, clamped(backlog));
		}
		AcceptQueue queue = evidence.acceptQueue();
		OptionalLong overflows = (queue != null) ? queue.overflows() : OptionalLong.empty();
		if (overflows.isPresent() && this.overflows.isRecent(overflows.getAsLong())) {
			findings.put(FindingKind.ACCEPT_QUEUE_OVERFLOWED, overflowed(backlog, overflows.getAsLong()));
		}
		Map<String, Long> events = evidence.events().counters();
		if (isRecent(this.fullSynQueue, events.get(COOKIES), events.get(SYN_DROPS))) {
			findings.put(FindingKind.SYN_QUEUE_FULL,
					synQueueFull(evidence, events.getOrDefault(COOKIES, 0L), events.getOrDefault(SYN_DROPS, 0L)));
		}
		if (isRecent(this.shortMemory, events.get(MEMORY_PRESSURES), events.get(MEMORY_ABORTS))) {
			findings.put(FindingKind.TCP_MEMORY_SHORT,
					memoryShort(events.getOrDefault(MEMORY_PRESSURES, 0L), events.getOrDefault(MEMORY_ABORTS, 0L)));
		}
	}

	// None is known while the file can't be read, which is no 0
	private static boolean isRecent(Growth growth, @Nullable Long one, @Nullable Long other) {
		return (one != null || other != null)
				&& growth.isRecent(((one != null) ? one : 0) + ((other != null) ? other : 0));
	}

	// listen(2) took the value of the start, and nothing but a restart takes another one
	private static boolean isRaised(Setting backlog) {
		Long effective = backlog.effective();
		Long maximum = backlog.maximum();
		boolean bySomaxconn = backlog.limitedBy() != null || backlog.requested() == null;
		return bySomaxconn && effective != null && maximum != null && maximum > effective;
	}

	private static Finding raised(Setting backlog) {
		Long requested = backlog.requested();
		Long effective = backlog.effective();
		Long maximum = backlog.maximum();
		boolean enough = requested == null || (maximum != null && maximum >= requested);
		return new Finding("backlog",
				"%s, %d granted: net.core.somaxconn was %d at the start and is %d now".formatted(
						(requested != null) ? requested + " requested" : "left out", effective, effective, maximum),
				enough ? "Restart Weir" : "sysctl -w net.core.somaxconn=%d%s. Then restart Weir".formatted(requested,
						Evidence.SYSCTL_IN_CONTAINER));
	}

	private static Finding clamped(Setting backlog) {
		return new Finding("backlog",
				"%d requested, %d granted: %s is %d".formatted(backlog.requested(), backlog.effective(),
						backlog.limitedBy(), backlog.maximum()),
				("sysctl -w net.core.somaxconn=%d%s. Then restart Weir. "
						+ "Or set tcp.server.backlog to what is granted")
					.formatted(backlog.requested(), Evidence.SYSCTL_IN_CONTAINER));
	}

	private static Finding overflowed(Setting backlog, long count) {
		boolean bySomaxconn = backlog.effective() != null && backlog.effective().equals(backlog.maximum());
		String remedy = isRaised(backlog) ? "net.core.somaxconn is %d now: restart Weir".formatted(backlog.maximum())
				: bySomaxconn
						? "net.core.somaxconn bounds it: sysctl -w net.core.somaxconn=<more>%s%s".formatted(
								Evidence.SYSCTL_IN_CONTAINER,
								(backlog.requested() != null) ? ", and raise tcp.server.backlog with it" : "")
						: "tcp.server.backlog bounds it: raise it to at most %s (net.core.somaxconn), or leave it out"
							.formatted(backlog.maximum());
		return new Finding("accept-queue",
				"full with %s waiting connections; newcomers were dropped %d times so far, and try again or give up"
					.formatted(backlog.effective(), count),
				remedy + ". If the state is 'full', tcp.server.max-connections keeps them waiting");
	}

	private static Finding synQueueFull(Evidence evidence, long cookies, long drops) {
		OptionalLong synBacklog = evidence.limits().number("net.ipv4.tcp_max_syn_backlog");
		return new Finding("syn-queue",
				("%d SYN cookies sent and %d SYNs dropped so far in this network namespace, the last within %s: "
						+ "a SYN queue was full (net.ipv4.tcp_max_syn_backlog is %s, the backlog %s)")
					.formatted(cookies, drops, TimeText.of(Growth.EVIDENCE_TIME),
							synBacklog.isPresent() ? synBacklog.getAsLong() : "unknown",
							evidence.settings().backlog().effective()),
				"A flood or a burst of connections: raise tcp.server.backlog and net.core.somaxconn"
						+ Evidence.SYSCTL_IN_CONTAINER + "; for a flood, limit its sources before this host"
						+ ((drops > 0) ? ", and set net.ipv4.tcp_syncookies to 1, so that none is dropped" : ""));
	}

	private static Finding memoryShort(long pressures, long aborts) {
		return new Finding("tcp-memory",
				("the kernel was short of memory for TCP (net.ipv4.tcp_mem of the host) %d times, and reset %d connections "
						+ "that were closed here for that or for more than net.ipv4.tcp_max_orphans, so far in this "
						+ "network namespace, the last within %s: it shrinks buffers, drops bytes and resets connections")
					.formatted(pressures, aborts, TimeText.of(Growth.EVIDENCE_TIME)),
				"Give the host more memory and raise net.ipv4.tcp_mem there; or set smaller buffers "
						+ "(tcp.server.receive-buffer-size, tcp.server.send-buffer-size) or fewer "
						+ "tcp.server.max-connections" + ((pressures == 0)
								? "; or, as memory was not short so far, raise net.ipv4.tcp_max_orphans there" : ""));
	}

}
