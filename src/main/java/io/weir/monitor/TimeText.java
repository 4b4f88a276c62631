package io.weir.monitor;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A time as people read it, each number with its unit, and none rounded away.
 */
public final class TimeText {

	private static final Duration SECONDS_ONLY = Duration.ofMinutes(2);

	private TimeText() {
	}

	/**
	 * Writes a time.
	 * @param time the time, not negative
	 * @return for instance {@code 0 s}, {@code 500 ms}, {@code 1.5 s}, {@code 90 s},
	 * {@code 2 min}, {@code 1 h 30 min}, {@code 365 d}; below a second in milliseconds,
	 * below two minutes in seconds, from there in days, hours, minutes and seconds
	 */
	public static String of(Duration time) {
		if (time.isZero()) {
			return "0 s";
		}
		if (time.toSeconds() == 0) {
			return decimal(BigDecimal.valueOf(time.toNanosPart(), 6)) + " ms";
		}
		BigDecimal seconds = BigDecimal.valueOf(time.toNanosPart(), 9);
		if (time.compareTo(SECONDS_ONLY) < 0) {
			return decimal(seconds.add(BigDecimal.valueOf(time.toSeconds()))) + " s";
		}
		List<String> parts = new ArrayList<>();
		add(parts, BigDecimal.valueOf(time.toDaysPart()), "d");
		add(parts, BigDecimal.valueOf(time.toHoursPart()), "h");
		add(parts, BigDecimal.valueOf(time.toMinutesPart()), "min");
		add(parts, seconds.add(BigDecimal.valueOf(time.toSecondsPart())), "s");
		return String.join(" ", parts);
	}

	/**
	 * Writes a time that was measured.
	 * @param time the time, not negative
	 * @return in whole seconds from 1 s on, below that in whole milliseconds
	 */
	public static String measured(Duration time) {
		return of((time.toSeconds() > 0) ? Duration.ofSeconds(time.toSeconds()) : Duration.ofMillis(time.toMillis()));
	}

	private static void add(List<String> parts, BigDecimal number, String unit) {
		if (number.signum() > 0) {
			parts.add(decimal(number) + " " + unit);
		}
	}

	private static String decimal(BigDecimal number) {
		return number.stripTrailingZeros().toPlainString();
	}

}
