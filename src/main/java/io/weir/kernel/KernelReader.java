package io.weir.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the kernel's limits and event counters from {@code proc(5)}. Reads anew at each
 * call and never throws: what cannot be read comes with its reason. Stateless, so any
 * thread may call it.
 */
public final class KernelReader {

	private static final List<String> MIN_DEFAULT_MAX = List.of("min", "default", "max");

	// The kernel's ip-sysctl.rst
	private static final List<String> MIN_PRESSURE_MAX = List.of("min", "pressure", "max");

	private static final Set<String> TCP_EXT_EVENTS = Set.of("ListenOverflows", "ListenDrops", "TCPReqQFullDrop",
			"TCPReqQFullDoCookies", "SyncookiesSent", "TCPBacklogDrop", "TCPRcvQDrop", "PruneCalled",
			"TCPAbortOnMemory", "TCPAbortOnClose", "TCPAbortOnTimeout", "TCPTimeouts", "TCPMemoryPressures");

	private static final Set<String> TCP_EVENTS = Set.of("RetransSegs");

	private final Path root;

	/**
	 * Creates a reader of the {@code proc} file system of this machine.
	 */
	public KernelReader() {
		this(Path.of("/proc"));
	}

	/**
	 * Creates a reader of a {@code proc} file system that is mounted elsewhere.
	 * @param root where it is mounted
	 */
	public KernelReader(Path root) {
		this.root = root;
	}

	/**
	 * Reads all limits: {@code /proc/sys/net} and the process's own
	 * {@code /proc/self/limits}.
	 * @return the limits as they are now
	 */
	public KernelLimits limits() {
		Map<String, KernelLimit> limits = new LinkedHashMap<>();
		number(limits, "net.core.somaxconn");
		number(limits, "net.core.rmem_default");
		number(limits, "net.core.rmem_max");
		number(limits, "net.core.wmem_default");
		number(limits, "net.core.wmem_max");
		number(limits, "net.ipv4.tcp_max_syn_backlog");
		vector(limits, "net.ipv4.tcp_rmem", MIN_DEFAULT_MAX);
		vector(limits, "net.ipv4.tcp_wmem", MIN_DEFAULT_MAX);
		vector(limits, "net.ipv4.tcp_mem", MIN_PRESSURE_MAX);
		number(limits, "net.ipv4.tcp_syncookies");
		number(limits, "net.ipv4.tcp_abort_on_overflow");
		number(limits, "net.ipv4.tcp_synack_retries");
		number(limits, "net.ipv4.tcp_retries1");
		number(limits, "net.ipv4.tcp_retries2");
		number(limits, "net.ipv4.tcp_sack");
		number(limits, "net.ipv4.tcp_window_scaling");
		number(limits, "net.ipv4.tcp_keepalive_time");
		number(limits, "net.ipv4.tcp_keepalive_intvl");
		number(limits, "net.ipv4.tcp_keepalive_probes");
		number(limits, "net.ipv4.tcp_slow_start_after_idle");
		text(limits, "net.ipv4.tcp_congestion_control");
		openFiles(limits);
		return new KernelLimits(limits);
	}

	/**
	 * Reads the event counters: {@code /proc/net/netstat} and {@code /proc/net/snmp}.
	 * @return the counters as they are now
	 */
	public KernelEvents events() {
		Map<String, Long> counters = new LinkedHashMap<>();
		List<String> reasons = new ArrayList<>();
		counters("net/netstat", "TcpExt:", TCP_EXT_EVENTS, counters, reasons);
		counters("net/snmp", "Tcp:", TCP_EVENTS, counters, reasons);
		return new KernelEvents(counters, reasons.isEmpty() ? null : String.join("; ", reasons));
	}

	private void number(Map<String, KernelLimit> limits, String name) {
		limits.put(name, sysctl(name, (file, content) -> new KernelLimit.Scalar(parse(file, content))));
	}

	private void vector(Map<String, KernelLimit> limits, String name, List<String> members) {
		limits.put(name, sysctl(name, (file, content) -> {
			String[] numbers = content.split("\\s+", -1);
			if (numbers.length != members.size()) {
				throw new UnreadableException(
						file + " holds " + quote(content) + ", not the " + members.size() + " numbers " + members);
			}
			Map<String, Long> values = new LinkedHashMap<>();
			for (int i = 0; i < numbers.length; i++) {
				values.put(members.get(i), parse(file, numbers[i]));
			}
			return new KernelLimit.Vector(values);
		}));
	}

	private void text(Map<String, KernelLimit> limits, String name) {
		limits.put(name, sysctl(name, (file, content) -> {
			if (!content.matches("[!-~]+")) {
				throw new UnreadableException(file + " holds " + quote(content) + ", not a word");
			}
			return new KernelLimit.Text(content);
		}));
	}

	private KernelLimit sysctl(String name, Parser parser) {
		Path file = this.root.resolve("sys").resolve(name.replace('.', '/'));
		try {
			List<String> lines = lines(file);
			if (lines.size() != 1) {
				throw new UnreadableException(file + " has " + lines.size() + " lines, not one");
			}
			return parser.parse(file, lines.get(0).strip());
		}
		catch (UnreadableException ex) {
			return new KernelLimit.Unavailable(ex.reason);
		}
	}

	// Limit Soft Limit Hard Limit Units
	// Max open files 1024 524288 files
	private void openFiles(Map<String, KernelLimit> limits) {
		Path file = this.root.resolve("self/limits");
		try {
			String title = "Max open files ";
			String line = lines(file).stream()
				.filter((candidate) -> candidate.startsWith(title))
				.findFirst()
				.orElseThrow(() -> new UnreadableException(file + " has no line \"" + title.strip() + "\""));
			String[] columns = line.substring(title.length()).strip().split("\\s+", -1);
			if (columns.length < 2) {
				throw new UnreadableException(file + " holds " + quote(line) + ", without a soft and a hard limit");
			}
			limits.put("nofile.soft", resourceLimit(file, columns[0]));
			limits.put("nofile.hard", resourceLimit(file, columns[1]));
		}
		catch (UnreadableException ex) {
			limits.put("nofile.soft", new KernelLimit.Unavailable(ex.reason));
			limits.put("nofile.hard", new KernelLimit.Unavailable(ex.reason));
		}
	}

	private static KernelLimit resourceLimit(Path file, String value) throws UnreadableException {
		return value.equals("unlimited") ? new KernelLimit.Text(value) : new KernelLimit.Scalar(parse(file, value));
	}

	// Each group of counters is two lines with the same first word: names, then values.
	// New
	// kernels insert columns, so only the names say which value is which.
	private void counters(String name, String group, Set<String> wanted, Map<String, Long> counters,
			List<String> reasons) {
		Path file = this.root.resolve(name);
		try {
			List<String> lines = lines(file);
			for (int i = 0; i + 1 < lines.size(); i++) {
				String[] names = lines.get(i).split("\\s+", -1);
				if (names[0].equals(group)) {
					String[] values = lines.get(i + 1).split("\\s+", -1);
					if (!values[0].equals(group) || values.length != names.length) {
						throw new UnreadableException(file + " has no line of values that fits the names of " + group);
					}
					counters(file, names, values, wanted, counters, reasons);
					return;
				}
			}
			throw new UnreadableException(file + " has no lines " + group);
		}
		catch (UnreadableException ex) {
			reasons.add(ex.reason);
		}
	}

	private static void counters(Path file, String[] names, String[] values, Set<String> wanted,
			Map<String, Long> counters, List<String> reasons) {
		for (int i = 1; i < names.length; i++) {
			if (wanted.contains(names[i])) {
				try {
					// An unsigned long in the kernel. Without its top bit it stays a
					// counter that
					// only grows and, once in centuries, starts again at 0.
					counters.put(names[i], Long.parseUnsignedLong(values[i]) & Long.MAX_VALUE);
				}
				catch (NumberFormatException ex) {
					reasons.add(file + " holds " + quote(values[i]) + " for " + names[i] + ", not a number");
				}
			}
		}
	}

	private static long parse(Path file, String number) throws UnreadableException {
		try {
			return Long.parseLong(number);
		}
		catch (NumberFormatException ex) {
			throw new UnreadableException(file + " holds " + quote(number) + ", not a number");
		}
	}

	private static String quote(String content) {
		String shown = (content.length() > 64) ? content.substring(0, 64) + "..." : content;
		return '"' + shown.replaceAll("[^ -~]", "?") + '"';
	}

	// Not Files.readString: it trusts the size, which is 0 here, and its first read of
	// one byte
	// is all that a file in /proc/sys gives. ISO-8859-1 accepts every byte.
	private List<String> lines(Path file) throws UnreadableException {
		try {
			return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
		}
		catch (NoSuchFileException ex) {
			throw new UnreadableException(Files.isDirectory(this.root)
					? file + " does not exist: this kernel, or this network namespace, does not have it"
					: this.root + " does not exist: not Linux, or proc is not mounted");
		}
		catch (AccessDeniedException ex) {
			throw new UnreadableException(file + " may not be read: permission denied");
		}
		catch (IOException | SecurityException ex) {
			throw new UnreadableException(file + " cannot be read: " + ex.getMessage());
		}
	}

	@FunctionalInterface
	private interface Parser {

		KernelLimit parse(Path file, String content) throws UnreadableException;

	}

	/**
	 * Carries the reason from where a file turns out to be useless to where the value
	 * would have been.
	 */
	private static final class UnreadableException extends Exception {

		private static final long serialVersionUID = 1L;

		private final String reason;

		private UnreadableException(String reason) {
			super(reason);
			this.reason = reason;
		}

	}

}
