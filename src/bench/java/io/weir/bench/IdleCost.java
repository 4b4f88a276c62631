package io.weir.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

import com.sun.management.ThreadMXBean;

import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketDiagnosticsFactory;

/**
 * Measures what idle connections cost: memory and processor time of a server that has
 * just been started, and the time that it takes Weir to look at them.
 */
final class IdleCost {

	private static final int WARMUP_CONNECTIONS = 200;

	private static final long SETTLE_MILLIS = 2000;

	private static final int WARMUP_LOOKS = 10;

	private static final int LOOKS = 20;

	private static final double SAMPLER_SECONDS = 5;

	private final Machine machine;

	private final Path logs;

	private final int cores;

	IdleCost(Machine machine, Path logs, int cores) {
		this.machine = machine;
		this.logs = logs;
		this.cores = cores;
	}

	/**
	 * Measures memory.
	 * @param contender the server
	 * @param round which round it is
	 * @param steps for each number of connections, in ascending order, where results go
	 * @throws IOException if the server does not hold the connections
	 */
	void measureMemory(Contender contender, int round, Map<Integer, Samples> steps)
			throws IOException, InterruptedException {
		try (ServerProcess server = start(contender); IdleConnections connections = connections(server)) {
			Thread.sleep(SETTLE_MILLIS);
			double empty = server.residentBytes();
			for (Map.Entry<Integer, Samples> step : steps.entrySet()) {
				connections.growTo(this.machine.connections(step.getKey()));
				Thread.sleep(SETTLE_MILLIS);
				Map<Metric, Double> figures = new EnumMap<>(Metric.class);
				figures.put(Metric.CONNECTIONS, (double) connections.size());
				figures.put(Metric.MEMORY, (server.residentBytes() - empty) / 1024 / connections.size());
				figures.put(Metric.EMPTY, empty / 1024 / 1024);
				double begin = server.cpuNanos();
				Thread.sleep(SETTLE_MILLIS);
				figures.put(Metric.IDLE_CPU, (server.cpuNanos() - begin) / 1e3 / SETTLE_MILLIS);
				connections.exchange();
				step.getValue().add(contender.name(), round, figures);
			}
		}
	}

	/**
	 * Measures looking.
	 * @param contender a Weir
	 * @param count how many connections
	 * @param samples where results go
	 * @throws IOException if the server does not hold the connections
	 */
	void measureLooking(Contender contender, int count, Samples samples) throws IOException, InterruptedException {
		try (ServerProcess server = start(contender);
				IdleConnections connections = connections(server);
				SocketDiagnostics diagnostics = new SocketDiagnosticsFactory().open()) {
			connections.growTo(this.machine.connections(count));
			Thread.sleep(SETTLE_MILLIS);
			double sampler = server.threadNanos("tcp-sampler");
			double watch = server.threadNanos("tcp-watchdog");
			Thread.sleep((long) (SAMPLER_SECONDS * 1000));
			double samplerMillis = (server.threadNanos("tcp-sampler") - sampler) / 1e6 / SAMPLER_SECONDS;
			double watchMillis = (server.threadNanos("tcp-watchdog") - watch) / 1e6 / SAMPLER_SECONDS;
			List<Map<Metric, Double>> looks = new ArrayList<>();
			for (int i = 0; i < WARMUP_LOOKS + LOOKS; i++) {
				looks.add(look(server, diagnostics, samples));
			}
			looks = looks.subList(WARMUP_LOOKS, looks.size());
			connections.exchange();
			for (int i = 0; i < looks.size(); i++) {
				looks.get(i).put(Metric.CONNECTIONS, (double) connections.size());
				looks.get(i).put(Metric.SAMPLER_CPU, samplerMillis);
				looks.get(i).put(Metric.WATCH_CPU, watchMillis);
				samples.add(contender.name(), i, looks.get(i));
			}
		}
	}

	private Map<Metric, Double> look(ServerProcess server, SocketDiagnostics diagnostics, Samples samples)
			throws IOException, InterruptedException {
		Machine.CpuTimes before = this.machine.cpuTimes(this.cores);
		long begin = System.nanoTime();
		Map<Metric, Double> figures = new EnumMap<>(Metric.class);
		try {
			figures.put(Metric.SCRAPE_SIZE, server.scrape() / 1024.0);
			figures.put(Metric.SCRAPE, (System.nanoTime() - begin) / 1e6);
		}
		catch (IOException ex) {
			samples.complain(server.name(), ex);
		}
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		long allocated = threads.getCurrentThreadAllocatedBytes();
		begin = System.nanoTime();
		int[] count = new int[1];
		String failure = diagnostics.sample(server.address().getPort(), (sample) -> count[0]++);
		double sampleMillis = (System.nanoTime() - begin) / 1e6;
		double garbage = threads.getCurrentThreadAllocatedBytes() - allocated;
		if (failure != null) {
			throw new IOException("No sample: " + failure);
		}
		figures.put(Metric.SAMPLE, sampleMillis);
		figures.put(Metric.SAMPLE_GARBAGE, garbage / count[0]);
		figures.put(Metric.STEAL, this.machine.cpuTimes(this.cores).stealSince(before) * 100);
		return figures;
	}

	private ServerProcess start(Contender contender) throws IOException, InterruptedException {
		ServerProcess server = new ServerProcess(contender, Scenario.ECHO, this.cores, this.machine, this.logs);
		try {
			server.awaitStarted();
			try (IdleConnections warmup = connections(server)) {
				warmup.growTo(WARMUP_CONNECTIONS);
			}
			return server;
		}
		catch (IOException | InterruptedException ex) {
			server.close();
			throw ex;
		}
	}

	private static IdleConnections connections(ServerProcess server) {
		return new IdleConnections(server.address());
	}

}
