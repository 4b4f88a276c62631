package io.weir.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What was measured in one scenario as a table for people: medians, in parentheses the
 * ratio to the baseline, and to the first Weir where there are two.
 */
final class Table {

	private final Samples samples;

	private final List<List<String>> rows = new ArrayList<>();

	Table(Samples samples) {
		this.samples = samples;
		List<String> header = new ArrayList<>(List.of("server"));
		samples.metrics().forEach((metric) -> header.add(metric.title()));
		header.add("slices");
		this.rows.add(header);
		for (String server : samples.servers()) {
			List<String> row = new ArrayList<>(List.of(server));
			samples.metrics().forEach((metric) -> row.add(cell(server, metric)));
			int discarded = samples.discarded(server);
			row.add(samples.slices(server) + ((discarded > 0) ? " (" + discarded + " thrown away)" : ""));
			this.rows.add(row);
		}
	}

	private String cell(String server, Metric metric) {
		OptionalDouble median = this.samples.median(server, metric);
		if (median.isEmpty()) {
			return "–";
		}
		StringBuilder cell = new StringBuilder(metric.format(median.getAsDouble()));
		if (metric.compared()) {
			cell.append(ratio(server, this.samples.baseline(), metric, " (%.2f)"));
			if (server.equals(Contender.WEIR2)) {
				cell.append(ratio(server, Contender.WEIR, metric, " [%.3f]"));
			}
		}
		return cell.toString();
	}

	private String ratio(String server, String other, Metric metric, String format) {
		OptionalDouble ratio = this.samples.ratio(server, other, metric);
		return ratio.isPresent() ? format.formatted(ratio.getAsDouble()) : "";
	}

	@Override
	public String toString() {
		StringBuilder text = new StringBuilder();
		text.append("%n%s on %d core%s: %s%n".formatted(this.samples.scenario(), this.samples.cores(),
				(this.samples.cores() == 1) ? "" : "s", this.samples.title()));
		text.append("medians; (ratio to %s)%s%n".formatted(this.samples.baseline(),
				this.samples.servers().contains(Contender.WEIR2) ? "; [ratio to weir]" : ""));
		for (List<String> row : this.rows) {
			text.append("  %-18s".formatted(row.getFirst()));
			for (int column = 1; column < row.size(); column++) {
				text.append("  ").append(" ".repeat(width(column) - row.get(column).length())).append(row.get(column));
			}
			text.append(System.lineSeparator());
		}
		for (String server : this.samples.servers()) {
			this.samples.complaints(server)
				.forEach((complaint, count) -> text.append("  %s, %d ×: %s%n".formatted(server, count, complaint)));
			String failure = this.samples.failure(server);
			if (failure != null) {
				text.append("  %s failed: %s%n".formatted(server, failure));
			}
		}
		return text.toString().stripTrailing();
	}

	private int width(int column) {
		return this.rows.stream().mapToInt((row) -> row.get(column).length()).max().orElse(0);
	}

}
