package io.weir.monitor;

import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

import io.weir.server.Setting;

/**
 * Findings about the accept queue and the SYN queue.
 */
final class QueueFindings implements Evidence.Rule {

	private final Growth overflows;

	private final Growth synCookies;

	QueueFindings(LongSupplier nanoTime) {
		this.overflows = new Growth(nanoTime);
		this.synCookies = new Growth(nanoTime);
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
		Long cookies = evidence.events().counters().get("SyncookiesSent");
		if (cookies != null && this.synCookies.isRecent(cookies)) {
			findings.put(FindingKind.SYN_COOKIES_SENT, cookiesSent(evidence, cookies));
		}
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

	private static Finding cookiesSent(Evidence evidence, long count) {
		OptionalLong synBacklog = evidence.limits().number("net.ipv4.tcp_max_syn_backlog");
		return new Finding("syn-queue",
				("%d SYN cookies sent so far in this network namespace, the last within %s: "
						+ "a SYN queue was full (net.ipv4.tcp_max_syn_backlog is %s, the backlog %s)")
					.formatted(count, TimeText.of(Growth.EVIDENCE_TIME),
							synBacklog.isPresent() ? synBacklog.getAsLong() : "unknown",
							evidence.settings().backlog().effective()),
				"A flood or a burst of connections: raise tcp.server.backlog and net.core.somaxconn"
						+ Evidence.SYSCTL_IN_CONTAINER + "; for a flood, limit its sources before this host");
	}

}
