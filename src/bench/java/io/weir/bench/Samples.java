package io.weir.bench;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

/**
 * What was measured in one scenario: for each server and round the figures of one slice.
 */
final class Samples {

	private final String scenario;

	private final String title;

	private final int cores;

	private final String baseline;

	private final Map<String, Server> servers = new LinkedHashMap<>();

	/**
	 * Creates it, empty.
	 * @param scenario the scenario's name
	 * @param title for people
	 * @param cores how many cores servers had
	 * @param baseline the server that the others are compared with
	 */
	Samples(String scenario, String title, int cores, String baseline) {
		this.scenario = scenario;
		this.title = title;
		this.cores = cores;
		this.baseline = baseline;
	}

	/**
	 * Adds the figures of a slice.
	 * @param server whose turn it was
	 * @param round which round it was
	 * @param figures what was measured
	 */
	void add(String server, int round, Map<Metric, Double> figures) {
		server(server).rounds.put(round, figures);
	}

	void discard(String server) {
		server(server).discarded++;
	}

	void fail(String server, Exception ex) {
		server(server).failure = (ex.getMessage() != null) ? ex.getMessage() : ex.toString();
	}

	/**
	 * Notes what went wrong without an end to the measurement.
	 * @param server the server
	 * @param ex what went wrong
	 */
	void complain(String server, Exception ex) {
		server(server).complaints.merge(String.valueOf(ex.getMessage()), 1, Integer::sum);
	}

	/**
	 * What went wrong without an end to the measurement, and how often.
	 * @param server the server
	 */
	Map<String, Integer> complaints(String server) {
		return server(server).complaints;
	}

	boolean hasFailed(String server) {
		return server(server).failure != null;
	}

	private Server server(String name) {
		return this.servers.computeIfAbsent(name, (key) -> new Server());
	}

	String scenario() {
		return this.scenario;
	}

	String title() {
		return this.title;
	}

	int cores() {
		return this.cores;
	}

	String baseline() {
		return this.baseline;
	}

	Set<String> servers() {
		return this.servers.keySet();
	}

	/**
	 * The slices of a server that were kept.
	 * @param server the server
	 */
	int slices(String server) {
		return server(server).rounds.size();
	}

	/**
	 * The slices of a server that were thrown away.
	 * @param server the server
	 */
	int discarded(String server) {
		return server(server).discarded;
	}

	/**
	 * Why a server has no figures, or not all.
	 * @param server the server
	 * @return null if nothing went wrong
	 */
	@Nullable String failure(String server) {
		return server(server).failure;
	}

	/**
	 * All metrics that any server has.
	 */
	Set<Metric> metrics() {
		Set<Metric> metrics = EnumSet.noneOf(Metric.class);
		this.servers.values().forEach((server) -> server.rounds.values().forEach((figures) -> {
			metrics.addAll(figures.keySet());
		}));
		return metrics;
	}

	/**
	 * The figures of a server, in the order of the rounds.
	 * @param server the server
	 * @param metric which figures
	 */
	List<Double> values(String server, Metric metric) {
		List<Double> values = new ArrayList<>();
		for (Map<Metric, Double> figures : server(server).rounds.values()) {
			Double value = figures.get(metric);
			if (value != null) {
				values.add(value);
			}
		}
		return values;
	}

	OptionalDouble median(String server, Metric metric) {
		return median(values(server, metric).stream().mapToDouble(Double::doubleValue));
	}

	/**
	 * How a server compares: the median, over the rounds, of the ratio within a round, so
	 * that what changes during the run touches both.
	 * @param server the server
	 * @param other the one that it is compared with
	 * @param metric which figures
	 */
	OptionalDouble ratio(String server, String other, Metric metric) {
		Map<Integer, Map<Metric, Double>> mine = server(server).rounds;
		Map<Integer, Map<Metric, Double>> others = this.servers.containsKey(other) ? server(other).rounds : Map.of();
		List<Double> ratios = new ArrayList<>();
		mine.forEach((round, figures) -> {
			Double value = figures.get(metric);
			Double otherValue = others.getOrDefault(round, Map.of()).get(metric);
			if (value != null && otherValue != null && otherValue > 0) {
				ratios.add(value / otherValue);
			}
		});
		return median(ratios.stream().mapToDouble(Double::doubleValue));
	}

	private static OptionalDouble median(DoubleStream values) {
		double[] sorted = values.sorted().toArray();
		int middle = sorted.length / 2;
		return IntStream.rangeClosed(middle - (1 - sorted.length % 2), middle)
			.filter((i) -> i >= 0 && i < sorted.length)
			.mapToDouble((i) -> sorted[i])
			.average();
	}

	/**
	 * What was measured of one server.
	 */
	private static final class Server {

		private final Map<Integer, Map<Metric, Double>> rounds = new LinkedHashMap<>();

		private final Map<String, Integer> complaints = new LinkedHashMap<>();

		private int discarded;

		private @Nullable String failure;

	}

}
