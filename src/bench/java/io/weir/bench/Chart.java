package io.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Ratios to the baseline as a picture: a group of bars for each scenario, shorter is
 * better, and a line where the baseline is.
 */
final class Chart {

	private static final int LABEL_WIDTH = 300;

	private static final int BAR = 14;

	private static final int UNIT = 200;

	private static final double LONGEST = 2.5;

	private static final int TOP = 56;

	void write(List<Samples> results, Path file) throws IOException {
		List<String> bars = new ArrayList<>();
		int y = TOP;
		for (Samples samples : results) {
			Metric metric = samples.metrics().contains(Metric.MEMORY) ? Metric.MEMORY : Metric.CPU;
			List<String> servers = samples.servers()
				.stream()
				.filter((server) -> !server.equals(samples.baseline()))
				.filter((server) -> samples.ratio(server, samples.baseline(), metric).isPresent())
				.toList();
			if (!samples.baseline().equals(Contender.BASELINE) || servers.isEmpty()) {
				continue;
			}
			String what = (metric == Metric.MEMORY) ? "memory" : "CPU";
			bars.add(text(8, y + 11, "start", "bold", "%s: %s, %d core%s".formatted(samples.scenario(), what,
					samples.cores(), (samples.cores() == 1) ? "" : "s")));
			for (String server : servers) {
				OptionalDouble ratio = samples.ratio(server, samples.baseline(), metric);
				bars.add(bar(y, server, ratio.getAsDouble()));
				y += BAR + 2;
			}
			y += 10;
		}
		int width = LABEL_WIDTH + 120 + (int) (LONGEST * UNIT) + 60;
		StringBuilder svg = new StringBuilder();
		svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ".formatted(width, y + 10));
		svg.append("font-family=\"sans-serif\" font-size=\"12\">\n");
		svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
		svg.append(text(8, 20, "start", "bold",
				"Cost per operation, and memory per idle connection, relative to Netty's native epoll"));
		svg.append(text(8, 38, "start", "normal", "Shorter is better; the line is Netty. Medians of slices in turn."));
		bars.forEach(svg::append);
		int line = LABEL_WIDTH + 120 + UNIT;
		svg.append("<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#444444\" stroke-dasharray=\"4 3\"/>\n"
			.formatted(line, TOP - 6, line, y));
		svg.append("</svg>\n");
		Files.writeString(file, svg);
	}

	private static String bar(int y, String server, double ratio) {
		int left = LABEL_WIDTH + 120;
		long length = Math.round(Math.clamp(ratio, 0, LONGEST) * UNIT);
		String color = server.startsWith(Contender.WEIR) ? "#1f6feb" : "#b8c0cc";
		return text(left - 6, y + 11, "end", "normal", server)
				+ "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>%n".formatted(left, y, length, BAR,
						color)
				+ text(left + length + 5, y + 11, "start", "normal", "%.2f".formatted(ratio));
	}

	private static String text(long x, long y, String anchor, String weight, String text) {
		return "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" font-weight=\"%s\" fill=\"#1b1f24\">%s</text>%n".formatted(x,
				y, anchor, weight, text);
	}

}
