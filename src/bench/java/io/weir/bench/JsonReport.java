package io.weir.bench;

import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * All that was measured as JSON, each slice included.
 */
final class JsonReport {

	private final Machine machine;

	private final Options options;

	JsonReport(Machine machine, Options options) {
		this.machine = machine;
		this.options = options;
	}

	void write(List<Samples> results, Path file) {
		Map<String, Object> report = new LinkedHashMap<>();
		report.put("measuredAt", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
		report.put("machine", this.machine.description());
		report.put("notes", this.machine.notes());
		report.put("sliceSeconds", this.options.slice());
		report.put("rounds", this.options.rounds());
		report.put("weirArguments", this.options.weir().args());
		report.put("results", results.stream().map(JsonReport::scenario).toList());
		JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build().writeValue(file.toFile(), report);
	}

	private static Map<String, Object> scenario(Samples samples) {
		Map<String, Object> scenario = new LinkedHashMap<>();
		scenario.put("scenario", samples.scenario());
		scenario.put("title", samples.title());
		scenario.put("cores", samples.cores());
		List<Map<String, @Nullable Object>> servers = new ArrayList<>();
		for (String name : samples.servers()) {
			Map<String, @Nullable Object> server = new LinkedHashMap<>();
			server.put("server", name);
			server.put("slices", samples.slices(name));
			server.put("thrownAway", samples.discarded(name));
			server.put("complaints", samples.complaints(name));
			server.put("failure", samples.failure(name));
			samples.metrics().forEach((metric) -> samples.median(name, metric).ifPresent((median) -> {
				Map<String, Object> figure = new LinkedHashMap<>();
				figure.put("median", median);
				if (metric.compared()) {
					figure.put("ratioTo", ratios(samples, name, metric));
				}
				figure.put("values", samples.values(name, metric));
				server.put(metric.jsonName(), figure);
			}));
			servers.add(server);
		}
		scenario.put("servers", servers);
		return scenario;
	}

	private static Map<String, Double> ratios(Samples samples, String server, Metric metric) {
		Map<String, Double> ratios = new LinkedHashMap<>();
		for (String other : samples.servers()) {
			if (!other.equals(server)) {
				samples.ratio(server, other, metric).ifPresent((ratio) -> ratios.put(other, ratio));
			}
		}
		return ratios;
	}

}
