package io.weir.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * What {@code /proc} says about this machine and its processes, and which of its cores do
 * what.
 */
final class Machine {

	private static final int FILES_BESIDE_CONNECTIONS = 200;

	private final List<String> notes = new ArrayList<>();

	private final List<Integer> cpus;

	private final double nanosPerTick;

	private final boolean canPin;

	private final boolean canTie;

	private final int openFiles;

	/**
	 * Looks at the machine, and raises the number of files that this process and those it
	 * starts may open, where that is allowed.
	 * @param connections how many connections a process is to have
	 */
	Machine(int connections) {
		this.cpus = parseCpus(field(Path.of("/proc/self/status"), "Cpus_allowed_list:"));
		this.canPin = succeeds("taskset", "--version");
		this.canTie = succeeds("setpriv", "--version");
		this.nanosPerTick = 1e9 / clockTicks();
		if (!this.canPin) {
			this.notes.add("nothing is pinned to a core: there is no taskset (util-linux)");
		}
		int wanted = connections + FILES_BESIDE_CONNECTIONS;
		if (openFileLimit() < wanted) {
			succeeds("prlimit", "--pid", pid(), "--nofile=" + wanted + ":" + wanted);
		}
		this.openFiles = openFileLimit();
	}

	/**
	 * Puts this process on the core that loads the servers.
	 */
	void pinDriver() {
		if (this.canPin && !succeeds("taskset", "-a", "-c", "-p", String.valueOf(driverCpu()), pid())) {
			this.notes.add("the driver could not be pinned to core " + driverCpu());
		}
	}

	/**
	 * What to put before a command, so that it runs on these cores and ends with this
	 * process.
	 * @param cores the number of cores
	 */
	List<String> prefix(int cores) {
		List<String> prefix = new ArrayList<>();
		if (this.canTie) {
			prefix.addAll(List.of("setpriv", "--pdeathsig", "KILL"));
		}
		if (this.canPin) {
			prefix.addAll(List.of("taskset", "-c",
					serverCpus(cores).stream().map(String::valueOf).collect(Collectors.joining(","))));
		}
		return prefix;
	}

	int cpuCount() {
		return this.cpus.size();
	}

	private int driverCpu() {
		return this.cpus.getLast();
	}

	private List<Integer> serverCpus(int cores) {
		return this.cpus.subList(0, cores);
	}

	/**
	 * How much of so many connections fits into the process's open files.
	 * @param wanted connections
	 */
	int connections(int wanted) {
		int fitting = Math.min(wanted, this.openFiles - FILES_BESIDE_CONNECTIONS);
		if (fitting < wanted) {
			String note = "%,d of %,d connections: a process may open %,d files (ulimit -Hn)".formatted(fitting, wanted,
					this.openFiles);
			if (!this.notes.contains(note)) {
				this.notes.add(note);
			}
		}
		return fitting;
	}

	/**
	 * What a reader of the results has to know.
	 */
	List<String> notes() {
		return this.notes;
	}

	/**
	 * Says in one line what this is.
	 */
	String description() {
		return "%d cores (%s), Linux %s, JDK %s".formatted(cpuCount(), processor(), System.getProperty("os.version"),
				Runtime.version());
	}

	private static String processor() {
		return lines(Path.of("/proc/cpuinfo")).stream()
			.filter((line) -> line.startsWith("model name"))
			.map((line) -> line.substring(line.indexOf(':') + 1).strip())
			.findFirst()
			.orElse(System.getProperty("os.arch"));
	}

	/**
	 * How much the cores have done so far.
	 * @param cores the number of cores that servers have
	 */
	CpuTimes cpuTimes(int cores) {
		Set<String> names = new HashSet<>();
		serverCpus(cores).forEach((cpu) -> names.add("cpu" + cpu));
		names.add("cpu" + driverCpu());
		double busy = 0;
		double steal = 0;
		for (String line : lines(Path.of("/proc/stat"))) {
			String[] fields = line.split(" +", -1);
			if (names.contains(fields[0])) {
				// user, nice, system, idle, iowait, irq, softirq, steal
				busy += ticks(fields, 1, 2, 3, 6, 7);
				steal += ticks(fields, 8);
			}
		}
		return new CpuTimes(System.nanoTime(), names.size(), busy * this.nanosPerTick, steal * this.nanosPerTick);
	}

	private static double ticks(String[] fields, int... indexes) {
		double sum = 0;
		for (int index : indexes) {
			sum += Double.parseDouble(fields[index]);
		}
		return sum;
	}

	/**
	 * The processor time that a process has used so far, as it is accounted to it.
	 * @param pid the process
	 * @return nanoseconds, user and system
	 */
	double cpuNanos(long pid) {
		String stat = lines(Path.of("/proc/" + pid + "/stat")).getFirst();
		// The command's name, in parentheses, may have spaces
		String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
		return ticks(fields, 11, 12) * this.nanosPerTick;
	}

	/**
	 * The memory that a process has resident.
	 * @param pid the process
	 * @return bytes
	 */
	static double residentBytes(long pid) {
		String kilobytes = field(Path.of("/proc/" + pid + "/smaps_rollup"), "Rss:");
		return Double.parseDouble(kilobytes.substring(0, kilobytes.indexOf(' '))) * 1024;
	}

	/**
	 * The processor time that a process's threads of one name have used so far.
	 * @param pid the process
	 * @param name a thread's name, at most 15 characters
	 * @return nanoseconds
	 */
	static double threadNanos(long pid, String name) throws IOException {
		double nanos = 0;
		try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
			for (Path thread : threads) {
				if (lines(thread.resolve("comm")).getFirst().equals(name)) {
					nanos += Double.parseDouble(lines(thread.resolve("schedstat")).getFirst().split(" ", -1)[0]);
				}
			}
		}
		return nanos;
	}

	static String pid() {
		return String.valueOf(ProcessHandle.current().pid());
	}

	private static int openFileLimit() {
		// Name, soft limit, hard limit; a JVM raises its soft limit to the hard one
		String[] limits = field(Path.of("/proc/self/limits"), "Max open files").split(" +", -1);
		return limits[1].equals("unlimited") ? Integer.MAX_VALUE : Integer.parseInt(limits[1]);
	}

	private static List<Integer> parseCpus(String list) {
		List<Integer> cpus = new ArrayList<>();
		for (String range : list.split(",", -1)) {
			String[] ends = range.split("-", -1);
			for (int cpu = Integer.parseInt(ends[0]); cpu <= Integer.parseInt(ends[ends.length - 1]); cpu++) {
				cpus.add(cpu);
			}
		}
		return cpus;
	}

	static String field(Path file, String name) {
		return lines(file).stream()
			.filter((line) -> line.startsWith(name))
			.map((line) -> line.substring(name.length()).strip())
			.findFirst()
			.orElseThrow(() -> new IllegalStateException(file + " has no " + name));
	}

	private static List<String> lines(Path file) {
		try {
			return Files.readAllLines(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static double clockTicks() {
		try {
			Process process = new ProcessBuilder("getconf", "CLK_TCK").start();
			return Double
				.parseDouble(new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
		}
		catch (IOException ex) {
			return 100;
		}
	}

	private static boolean succeeds(String... command) {
		try {
			Process process = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.redirectError(ProcessBuilder.Redirect.DISCARD)
				.start();
			return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
		}
		catch (IOException ex) {
			return false;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	/**
	 * How much cores have done up to a time.
	 *
	 * @param nanoTime the time
	 * @param cores how many they are
	 * @param busy nanoseconds of work of all processes
	 * @param steal nanoseconds that the hypervisor gave to others
	 */
	record CpuTimes(long nanoTime, int cores, double busy, double steal) {

		/**
		 * The share of the cores' time that was stolen since.
		 * @param since an earlier time
		 */
		double stealSince(CpuTimes since) {
			return (this.steal - since.steal) / elapsedSince(since) / this.cores;
		}

		/**
		 * The wall clock time since.
		 * @param since an earlier time
		 * @return nanoseconds
		 */
		double elapsedSince(CpuTimes since) {
			return this.nanoTime - since.nanoTime;
		}

	}

}
