package io.weir.monitor;

import java.util.Map;

import io.weir.scheduling.Stall;

/**
 * Findings about connections that keep others from running.
 */
final class SchedulingFindings implements Evidence.Rule {

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		if (!evidence.server().stalls().isEmpty()) {
			Stall stall = evidence.server().stalls().getFirst();
			findings.put(FindingKind.LOOP_STALLED,
					new Finding("threads",
							"%s has computed or blocked for %d ms, and the connections of its event loop wait"
								.formatted(stall.thread(), stall.time().toMillis()),
							"The handler must not compute for long or block in file I/O with tcp.server.threads=auto: "
									+ "set it to virtual or platform, or move that work to threads of its own"));
		}
	}

}
