package io.weir.bench;

import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Measures servers under a load in turn, slice by slice. A slice during which the
 * hypervisor took too much away is thrown away and measured again, a few times at most.
 */
final class Turns {

	private static final double MAX_STEAL = 0.12;

	private static final int ATTEMPTS = 3;

	// For a server to end the connections of its slice
	private static final long PAUSE_MILLIS = 100;

	private final Machine machine;

	private final Options options;

	Turns(Machine machine, Options options) {
		this.machine = machine;
		this.options = options;
	}

	/**
	 * Measures.
	 * @param scenario the load
	 * @param servers those whose turn it is, one after the other
	 * @param samples where results go
	 * @param watched the server whose metrics are read each second, if any
	 */
	void measure(Scenario scenario, List<ServerProcess> servers, Samples samples, @Nullable String watched)
			throws InterruptedException {
		int warmups = (int) Math.ceil(this.options.warmup() / this.options.slice());
		for (int round = -warmups; round < this.options.rounds(); round++) {
			for (ServerProcess server : servers) {
				if (samples.hasFailed(server.name())) {
					continue;
				}
				try {
					turn(scenario, server, samples, round, server.name().equals(watched));
				}
				catch (IOException ex) {
					samples.fail(server.name(), ex);
				}
			}
		}
	}

	private void turn(Scenario scenario, ServerProcess server, Samples samples, int round, boolean watched)
			throws IOException, InterruptedException {
		for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
			Map<Metric, Double> figures = slice(scenario, server, samples, watched);
			Thread.sleep(PAUSE_MILLIS);
			if (round < 0) {
				return;
			}
			if (figures.getOrDefault(Metric.STEAL, 0.0) <= MAX_STEAL * 100) {
				samples.add(server.name(), round, figures);
				return;
			}
			samples.discard(server.name());
		}
	}

	private Map<Metric, Double> slice(Scenario scenario, ServerProcess server, Samples samples, boolean watched)
			throws IOException {
		try (LoadGenerator load = new LoadGenerator();
				Watcher watcher = new Watcher(server, (ex) -> samples.complain(server.name(), ex))) {
			load.connect(scenario, server.address(), server.tls());
			load.leadIn();
			if (watched) {
				watcher.start();
			}
			return measured(load, scenario, server, samples.cores());
		}
	}

	private Map<Metric, Double> measured(LoadGenerator load, Scenario scenario, ServerProcess server, int cores)
			throws IOException {
		Machine.CpuTimes begin = this.machine.cpuTimes(cores);
		double driverBegin = this.machine.cpuNanos(ProcessHandle.current().pid());
		double serverBegin = server.cpuNanos();
		Tally tally = load.run(this.options.slice());
		double serverNanos = server.cpuNanos() - serverBegin;
		double driverNanos = this.machine.cpuNanos(ProcessHandle.current().pid()) - driverBegin;
		Machine.CpuTimes end = this.machine.cpuTimes(cores);
		if (tally.operations() == 0) {
			throw new IOException("The server answered nothing in a slice");
		}
		double elapsed = end.elapsedSince(begin);
		Map<Metric, Double> figures = new EnumMap<>(Metric.class);
		if (scenario.counts() != Scenario.Counts.WAITS) {
			boolean streaming = scenario.counts() == Scenario.Counts.BYTES;
			double operations = streaming ? tally.operations() / 1e6 : tally.operations();
			figures.put(Metric.RATE, operations / elapsed * 1e9);
			figures.put(Metric.CPU, serverNanos / operations / 1e3);
		}
		if (scenario.counts() != Scenario.Counts.BYTES) {
			figures.put(Metric.P50, tally.latencies().percentile(0.5) / 1e3);
			figures.put(Metric.P99, tally.latencies().percentile(0.99) / 1e3);
		}
		if (scenario.counts() == Scenario.Counts.WAITS) {
			figures.put(Metric.MAX, tally.latencies().percentile(1) / 1e3);
		}
		figures.put(Metric.DRIVER, driverNanos / elapsed * 100);
		double others = end.busy() - begin.busy() - serverNanos - driverNanos;
		figures.put(Metric.OTHERS, Math.max(0, others) / elapsed / end.cores() * 100);
		figures.put(Metric.STEAL, end.stealSince(begin) * 100);
		return figures;
	}

}
