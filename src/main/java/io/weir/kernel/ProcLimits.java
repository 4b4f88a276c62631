package io.weir.kernel;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.weir.kernel.ProcFiles.UnreadableException;

/**
 * Reads {@link KernelLimits}. The names of the numbers of {@code tcp_mem} are those of
 * the kernel's {@code ip-sysctl.rst}.
 */
final class ProcLimits {

	private static final List<String> MIN_DEFAULT_MAX = List.of("min", "default", "max");

	private static final List<String> MIN_PRESSURE_MAX = List.of("min", "pressure", "max");

	private static final String OPEN_FILES = "Max open files ";

	private final ProcFiles files;

	private final Map<String, Reading<KernelLimit>> limits = new LinkedHashMap<>();

	private ProcLimits(ProcFiles files) {
		this.files = files;
	}

	static KernelLimits read(ProcFiles files) {
		ProcLimits limits = new ProcLimits(files);
		limits.numbers("net.core.somaxconn", "net.core.rmem_default", "net.core.rmem_max", "net.core.wmem_default",
				"net.core.wmem_max", "net.ipv4.tcp_max_syn_backlog");
		limits.vector("net.ipv4.tcp_rmem", MIN_DEFAULT_MAX);
		limits.vector("net.ipv4.tcp_wmem", MIN_DEFAULT_MAX);
		limits.vector("net.ipv4.tcp_mem", MIN_PRESSURE_MAX);
		limits.numbers("net.ipv4.tcp_syncookies", "net.ipv4.tcp_abort_on_overflow", "net.ipv4.tcp_synack_retries",
				"net.ipv4.tcp_retries1", "net.ipv4.tcp_retries2", "net.ipv4.tcp_sack", "net.ipv4.tcp_window_scaling",
				"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
				"net.ipv4.tcp_slow_start_after_idle");
		limits.word("net.ipv4.tcp_congestion_control");
		limits.openFiles("nofile.soft", 0);
		limits.openFiles("nofile.hard", 1);
		return new KernelLimits(limits.limits);
	}

	private void numbers(String... names) {
		for (String name : names) {
			sysctl(name, (file, content) -> new KernelLimit.Scalar(this.files.number(file, content)));
		}
	}

	private void vector(String name, List<String> members) {
		sysctl(name, (file, content) -> {
			String[] numbers = content.split("\\s+", -1);
			if (numbers.length != members.size()) {
				throw this.files.unreadable(file,
						"holds " + ProcFiles.quote(content) + ", not the " + members.size() + " numbers " + members);
			}
			Map<String, Long> values = new LinkedHashMap<>();
			for (int i = 0; i < numbers.length; i++) {
				values.put(members.get(i), this.files.number(file, numbers[i]));
			}
			return new KernelLimit.Vector(values);
		});
	}

	private void word(String name) {
		sysctl(name, (file, content) -> {
			if (!content.matches("[!-~]+")) {
				throw this.files.unreadable(file, "holds " + ProcFiles.quote(content) + ", not a word");
			}
			return new KernelLimit.Text(content);
		});
	}

	private void sysctl(String name, Parser parser) {
		String file = "sys/" + name.replace('.', '/');
		put(name, () -> {
			List<String> lines = this.files.lines(file);
			if (lines.size() != 1) {
				throw this.files.unreadable(file, "has " + lines.size() + " lines, not one");
			}
			return parser.parse(file, lines.get(0).strip());
		});
	}

	// Max open files 1024 524288 files: the soft and the hard limit
	private void openFiles(String name, int column) {
		String file = "self/limits";
		put(name, () -> {
			String line = this.files.lines(file)
				.stream()
				.filter((candidate) -> candidate.startsWith(OPEN_FILES))
				.findFirst()
				.orElseThrow(() -> this.files.unreadable(file, "has no line \"" + OPEN_FILES.strip() + "\""));
			String[] columns = line.substring(OPEN_FILES.length()).strip().split("\\s+", -1);
			if (columns.length < 2) {
				throw this.files.unreadable(file,
						"holds " + ProcFiles.quote(line) + ", without a soft and a hard limit");
			}
			String value = columns[column];
			return value.equals("unlimited") ? new KernelLimit.Text(value)
					: new KernelLimit.Scalar(this.files.number(file, value));
		});
	}

	private void put(String name, Question question) {
		try {
			this.limits.put(name, new Reading.Available<>(question.ask()));
		}
		catch (UnreadableException ex) {
			this.limits.put(name, new Reading.Unavailable<>(ex.reason()));
		}
	}

	@FunctionalInterface
	private interface Parser {

		KernelLimit parse(String file, String content) throws UnreadableException;

	}

	@FunctionalInterface
	private interface Question {

		KernelLimit ask() throws UnreadableException;

	}

}
