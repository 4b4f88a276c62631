package io.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Measures Weir and other servers, and writes a table, {@code results.json} and
 * {@code results.svg}. Each server is a process of its own; all are up at once, and it is
 * each one's turn for a slice, again and again.
 *
 * <p>
 * {@code ./mvnw -Pbench verify} runs it, with these options:
 * <ul>
 * <li>{@code -Dbench.cores=1,2}: how many cores servers have, one run for each
 * <li>{@code -Dbench.seconds=15 -Dbench.slice=1 -Dbench.warmup=3}: for each server and
 * load, in seconds
 * <li>{@code -Dbench.only=weir,netty-epoll}: which servers
 * <li>{@code -Dbench.scenarios=pingpong-64,idle-10000}: which scenarios
 * <li>{@code -Dbench.weir.args="--tcp.server.threads=platform" -Dbench.weir.jvm=-Xmn8m}:
 * what else Weir is given
 * <li>{@code -Dbench.weir2.jar=… -Dbench.weir2.args=… -Dbench.weir2.jvm=…}: a second Weir
 * that is compared with the first in the same run
 * <li>{@code -Dbench.soak=10m -Dbench.seed=1}: no measurement but a {@link Soak}
 * </ul>
 */
public final class Benchmark {

	private static final String WATCHING = "watching-";

	private static final String UNWATCHED = "weir-unwatched";

	private static final int LOOKED_AT = 10_000;

	private static final int MAX_CONNECTIONS = 20_000;

	private static final int IDLE_ROUNDS = 3;

	private static final int RECORD_ROUNDS = 3;

	private static final double MAX_OTHERS_PERCENT = 12;

	private final Options options;

	private final Machine machine = new Machine(MAX_CONNECTIONS);

	private final List<Samples> results = new ArrayList<>();

	private Benchmark(Options options) {
		this.options = options;
	}

	/**
	 * Runs it.
	 * @param args none: see {@link Options}
	 * @throws Exception if it cannot run at all
	 */
	public static void main(String[] args) throws Exception {
		ServerProcess.endAllAtExit();
		Options options = Options.fromSystemProperties();
		if (options.soak() != null) {
			System.exit(new Soak(options, options.soak()).run() ? 0 : 1);
		}
		new Benchmark(options).run();
		System.exit(0);
	}

	private void run() throws IOException, InterruptedException {
		endInTime();
		this.machine.pinDriver();
		System.out.println(this.machine.description());
		for (int cores : this.options.cores()) {
			if (cores > this.machine.cpuCount()) {
				this.machine.notes().add("not measured on " + cores + " cores: there are " + this.machine.cpuCount());
				continue;
			}
			if (cores == this.machine.cpuCount()) {
				this.machine.notes()
					.add("on " + cores + " cores: the driver has no core of its own, so only the CPU figures count, "
							+ "which are the server process's own");
			}
			measureLoads(cores);
			measureWatching(cores);
			measureRecords(cores);
		}
		measureIdle(this.options.cores().getFirst());
		Path output = Files.createDirectories(this.options.output());
		new JsonReport(this.machine, this.options).write(this.results, output.resolve("results.json"));
		new Chart().write(this.results, output.resolve("results.svg"));
		this.machine.notes().forEach((note) -> System.out.println("Note: " + note));
		System.out.println("Written: " + output.resolve("results.json") + ", " + output.resolve("results.svg"));
	}

	// A server that hangs would otherwise hold the build for ever
	private void endInTime() {
		int servers = Contender.all(this.options).size();
		double seconds = (this.options.seconds() * 2 + this.options.warmup() + this.options.rounds()) * servers
				* (Scenario.ALL.size() + 2) * this.options.cores().size();
		Duration limit = Duration.ofMinutes(30).plusSeconds((long) seconds);
		Thread.ofPlatform().daemon().name("end-in-time").start(() -> {
			try {
				Thread.sleep(limit);
				System.out.println("Not done after " + limit.toMinutes() + " minutes: given up");
				System.exit(1);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
	}

	private void measureLoads(int cores) throws InterruptedException {
		for (String protocol : List.of(Scenario.ECHO, Scenario.RECORD, Scenario.TLS)) {
			List<Scenario> scenarios = Scenario.ALL.stream()
				.filter((scenario) -> scenario.protocol().equals(protocol))
				.filter((scenario) -> this.options.wants(scenario.name()))
				.toList();
			measure(scenarios, Contender.all(this.options), cores, Contender.BASELINE);
		}
	}

	private void measureWatching(int cores) throws InterruptedException {
		Options.Weir weir = this.options.weir();
		Options.Weir unwatched = new Options.Weir(weir.jar(), weir.jvm(),
				Stream.concat(weir.args().stream(), Stream.of("--tcp.server.sampling.interval=0")).toList());
		List<Scenario> scenarios = Stream.of(64, 1000)
			.map((count) -> Scenario.pingPong(WATCHING + count, count))
			.filter((scenario) -> this.options.wants(scenario.name()))
			.toList();
		measure(scenarios, List.of(Contender.weir(Contender.WEIR, weir), Contender.weir(UNWATCHED, unwatched)), cores,
				UNWATCHED);
	}

	private void measureRecords(int cores) throws InterruptedException {
		if (!this.options.wants("records-64")) {
			return;
		}
		Samples samples = new Samples("records-64", "records of six values, 64 connections", cores, RecordsCost.OFF);
		RecordsCost records = new RecordsCost(this.machine, this.options.output(), cores);
		for (int round = 0; round < Math.min(RECORD_ROUNDS, this.options.rounds()); round++) {
			records.measure(this.options.weir(), round, samples);
		}
		report(samples);
	}

	private void measure(List<Scenario> scenarios, List<Contender> contenders, int cores, String baseline)
			throws InterruptedException {
		if (scenarios.isEmpty()) {
			return;
		}
		String protocol = scenarios.getFirst().protocol();
		List<ServerProcess> servers = new ArrayList<>();
		Map<String, IOException> failures = new LinkedHashMap<>();
		try {
			for (Contender contender : contenders) {
				if (contender.speaks(protocol)) {
					start(contender, protocol, cores, servers, failures);
				}
			}
			for (Scenario scenario : scenarios) {
				Samples samples = new Samples(scenario.name(), scenario.title(), cores, baseline);
				failures.forEach(samples::fail);
				new Turns(this.machine, this.options).measure(scenario, servers, samples,
						scenario.name().startsWith(WATCHING) ? Contender.WEIR : null);
				report(samples);
			}
		}
		finally {
			servers.forEach(ServerProcess::close);
		}
	}

	private void start(Contender contender, String protocol, int cores, List<ServerProcess> servers,
			Map<String, IOException> failures) throws InterruptedException {
		try {
			ServerProcess server = new ServerProcess(contender, protocol, cores, this.machine, logs());
			servers.add(server);
			server.awaitStarted();
		}
		catch (IOException ex) {
			failures.put(contender.name(), ex);
		}
	}

	private void measureIdle(int cores) throws InterruptedException {
		IdleCost idle = new IdleCost(this.machine, logs(), cores);
		Map<Integer, Samples> steps = new LinkedHashMap<>();
		for (int count : List.of(LOOKED_AT, MAX_CONNECTIONS)) {
			if (this.options.wants("idle-" + count)) {
				steps.put(count, new Samples("idle-" + count, "%,d idle connections".formatted(count), cores,
						Contender.BASELINE));
			}
		}
		int rounds = Math.min(IDLE_ROUNDS, this.options.rounds());
		for (int round = 0; round < rounds && !steps.isEmpty(); round++) {
			for (Contender contender : Contender.all(this.options)) {
				try {
					idle.measureMemory(contender, round, steps);
				}
				catch (IOException ex) {
					steps.values().forEach((samples) -> samples.fail(contender.name(), ex));
				}
			}
		}
		steps.values().forEach(this::report);
		if (this.options.wants("look-" + LOOKED_AT)) {
			Samples samples = new Samples("look-" + LOOKED_AT,
					"sampling and scraping with %,d connections".formatted(LOOKED_AT), cores, Contender.WEIR);
			for (Contender contender : Contender.all(this.options).stream().filter(Contender::isWeir).toList()) {
				try {
					idle.measureLooking(contender, LOOKED_AT, samples);
				}
				catch (IOException ex) {
					samples.fail(contender.name(), ex);
				}
			}
			report(samples);
		}
	}

	private Path logs() {
		return this.options.output().resolve("logs");
	}

	private void report(Samples samples) {
		this.results.add(samples);
		System.out.println(new Table(samples));
		double others = samples.servers()
			.stream()
			.mapToDouble((server) -> samples.median(server, Metric.OTHERS).orElse(0))
			.max()
			.orElse(0);
		if (others > MAX_OTHERS_PERCENT) {
			this.machine.notes()
				.add("%s on %d: other processes used up to %.0f %% of the cores, which disturbs the figures"
					.formatted(samples.scenario(), samples.cores(), others));
		}
	}

}
