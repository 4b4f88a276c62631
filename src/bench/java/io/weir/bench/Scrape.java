package io.weir.bench;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The metrics of one moment, read from Prometheus's text format.
 *
 * @param series values by name and labels, as in the text
 * @param counters the names of those that never go down
 */
record Scrape(Map<String, Double> series, Set<String> counters) {

	static Scrape parse(String text) {
		Map<String, Double> series = new LinkedHashMap<>();
		Set<String> counters = new HashSet<>();
		text.lines().forEach((line) -> {
			if (line.startsWith("# TYPE ")) {
				String[] words = line.split(" ", -1);
				switch (words[3]) {
					case "counter" -> counters.add(words[2]);
					case "summary", "histogram" -> {
						// Tasks that are under way come and go
						if (!words[2].contains("_active_")) {
							counters.addAll(List.of(words[2] + "_count", words[2] + "_sum"));
						}
					}
					default -> {
					}
				}
			}
			else if (!line.startsWith("#")) {
				int space = line.lastIndexOf(' ');
				series.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
			}
		});
		return new Scrape(series, counters);
	}

	/**
	 * One value.
	 * @param name with the labels
	 * @return 0 if there is none
	 */
	double get(String name) {
		return this.series.getOrDefault(name, 0.0);
	}

	double sum(String prefix) {
		return this.series.entrySet()
			.stream()
			.filter((entry) -> entry.getKey().startsWith(prefix))
			.mapToDouble(Map.Entry::getValue)
			.sum();
	}

	/**
	 * How many series there are of Weir's own.
	 */
	long ownSeries() {
		return this.series.keySet().stream().filter((name) -> name.startsWith("tcp_server_")).count();
	}

	/**
	 * The counters that are less than before.
	 * @param before an earlier moment
	 */
	List<String> decreasedSince(Scrape before) {
		List<String> decreased = new ArrayList<>();
		before.series.forEach((name, value) -> {
			Double now = this.series.get(name);
			String plain = name.contains("{") ? name.substring(0, name.indexOf('{')) : name;
			if (now != null && now < value && this.counters.contains(plain)) {
				decreased.add(name + " fell from " + value + " to " + now);
			}
		});
		return decreased;
	}

}
