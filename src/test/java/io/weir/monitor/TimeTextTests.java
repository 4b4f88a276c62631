package io.weir.monitor;

import java.time.Duration;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TimeText}.
 */
class TimeTextTests {

	@ParameterizedTest
	@CsvSource({ "PT0S, 0 s", "PT0.000000001S, 0.000001 ms", "PT0.0005S, 0.5 ms", "PT0.5S, 500 ms", "PT0.999S, 999 ms",
			"PT1S, 1 s", "PT1.5S, 1.5 s", "PT100S, 100 s", "PT119S, 119 s", "PT119.25S, 119.25 s", "PT2M, 2 min",
			"PT5M, 5 min", "PT121.5S, 2 min 1.5 s", "PT90M, 1 h 30 min", "PT1H1S, 1 h 1 s", "PT24H, 1 d",
			"P365D, 365 d", "P1DT1H1M1S, 1 d 1 h 1 min 1 s" })
	void aTimeIsWrittenWithItsUnits(Duration time, String text) {
		assertThat(TimeText.of(time)).isEqualTo(text);
	}

	@ParameterizedTest
	@CsvSource({ "PT0.0004S, 0 s", "PT0.0123S, 12 ms", "PT9.99S, 9 s", "PT121.5S, 2 min 1 s" })
	void aMeasuredTimeIsWrittenInWholeUnits(Duration time, String text) {
		assertThat(TimeText.measured(time)).isEqualTo(text);
	}

}
