package io.weir.kernel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.weir.kernel.ProcFiles.UnreadableException;

/**
 * Reads {@link KernelEvents}. Each group of counters is two lines with the same first
 * word: names, then values. New kernels insert columns, so only the names say which value
 * is which.
 */
final class ProcEvents {

	private static final Set<String> TCP_EXT_EVENTS = Set.of("ListenOverflows", "ListenDrops", "TCPReqQFullDrop",
			"TCPReqQFullDoCookies", "SyncookiesSent", "TCPBacklogDrop", "TCPRcvQDrop", "PruneCalled",
			"TCPAbortOnMemory", "TCPAbortOnClose", "TCPAbortOnTimeout", "TCPTimeouts", "TCPMemoryPressures");

	private static final Set<String> TCP_EVENTS = Set.of("RetransSegs");

	private final ProcFiles files;

	private final Map<String, Long> counters = new LinkedHashMap<>();

	private final List<String> reasons = new ArrayList<>();

	private ProcEvents(ProcFiles files) {
		this.files = files;
	}

	static KernelEvents read(ProcFiles files) {
		ProcEvents events = new ProcEvents(files);
		events.group("net/netstat", "TcpExt:", TCP_EXT_EVENTS);
		events.group("net/snmp", "Tcp:", TCP_EVENTS);
		return new KernelEvents(events.counters, events.reasons.isEmpty() ? null : String.join("; ", events.reasons));
	}

	/**
	 * Reads one of the two files only.
	 * @return the counters that it has; empty where it can't be read
	 */
	static Map<String, Long> readTcpExt(ProcFiles files) {
		ProcEvents events = new ProcEvents(files);
		events.group("net/netstat", "TcpExt:", TCP_EXT_EVENTS);
		return events.counters;
	}

	private void group(String file, String group, Set<String> wanted) {
		try {
			List<String> lines = this.files.lines(file);
			for (int i = 0; i + 1 < lines.size(); i++) {
				String[] names = lines.get(i).split("\\s+", -1);
				if (names[0].equals(group)) {
					String[] values = lines.get(i + 1).split("\\s+", -1);
					if (!values[0].equals(group) || values.length != names.length) {
						throw this.files.unreadable(file, "has no line of values that fits the names of " + group);
					}
					counters(file, names, values, wanted);
					return;
				}
			}
			throw this.files.unreadable(file, "has no lines " + group);
		}
		catch (UnreadableException ex) {
			this.reasons.add(ex.reason());
		}
	}

	private void counters(String file, String[] names, String[] values, Set<String> wanted) {
		for (int i = 1; i < names.length; i++) {
			if (wanted.contains(names[i])) {
				try {
					// An unsigned long in the kernel. Without its top bit it only grows
					// and, once in centuries, starts again at 0
					this.counters.put(names[i], Long.parseUnsignedLong(values[i]) & Long.MAX_VALUE);
				}
				catch (NumberFormatException ex) {
					String what = "holds " + ProcFiles.quote(values[i]) + " for " + names[i] + ", not a number";
					this.reasons.add(this.files.unreadable(file, what).reason());
				}
			}
		}
	}

}
