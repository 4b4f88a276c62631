package io.weir.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The options, all of them system properties that begin with {@code bench.}.
 *
 * @param output directory for results and logs
 * @param cores how many cores servers have, one run for each
 * @param seconds measured for each server and load
 * @param slice seconds of one slice
 * @param warmup seconds before, for each server and load
 * @param only names of servers, or in the soak of protocols; empty is all
 * @param scenarios names of scenarios; empty is all
 * @param weir the Weir to measure
 * @param weir2 a second one in the same run, or null
 * @param soak for how long to soak a Weir instead of measuring; null to measure
 * @param seed decides what clients do in the soak
 */
record Options(Path output, List<Integer> cores, double seconds, double slice, double warmup, List<String> only,
		List<String> scenarios, Weir weir, @Nullable Weir weir2, @Nullable Duration soak, long seed) {

	static Options fromSystemProperties() {
		Weir weir = new Weir(get("weir.jar"), words("weir.jvm", "\\s+"), words("weir.args", "\\s+"));
		String jar2 = get("weir2.jar");
		Weir weir2 = new Weir(jar2.isEmpty() ? weir.jar() : jar2, words("weir2.jvm", "\\s+"),
				words("weir2.args", "\\s+"));
		boolean two = !jar2.isEmpty() || !weir2.jvm().isEmpty() || !weir2.args().isEmpty();
		return new Options(Path.of(get("output")), words("cores", ",").stream().map(Integer::valueOf).toList(),
				number("seconds"), number("slice"), number("warmup"), words("only", ","), words("scenarios", ","), weir,
				two ? weir2 : null, soak(get("soak")),
				get("seed").isEmpty() ? System.nanoTime() : Long.parseLong(get("seed")));
	}

	// Maven makes "true" of an option without a value
	private static @Nullable Duration soak(String text) {
		if (text.isEmpty()) {
			return null;
		}
		return text.equals("true") ? Duration.ofMinutes(10) : Duration.parse("PT" + text);
	}

	private static String get(String name) {
		return System.getProperty("bench." + name, "").strip();
	}

	private static double number(String name) {
		double value = Double.parseDouble(get(name));
		if (!(value >= 0 && value <= 3600)) {
			throw new IllegalArgumentException("bench." + name + " is " + value + ", not within 0 to 3600");
		}
		return value;
	}

	private static List<String> words(String name, String separator) {
		return Arrays.stream(get(name).split(separator, -1))
			.map(String::strip)
			.filter((word) -> !word.isEmpty())
			.toList();
	}

	/**
	 * How often it is each server's turn.
	 */
	int rounds() {
		return Math.max(1, (int) Math.ceil(this.seconds / this.slice));
	}

	/**
	 * Whether a scenario is asked for.
	 * @param name the scenario
	 */
	boolean wants(String name) {
		return this.scenarios.isEmpty() || this.scenarios.contains(name);
	}

	/**
	 * A Weir to start.
	 *
	 * @param jar the executable jar
	 * @param jvm more options for the JVM
	 * @param args more arguments
	 */
	record Weir(String jar, List<String> jvm, List<String> args) {
	}

}
