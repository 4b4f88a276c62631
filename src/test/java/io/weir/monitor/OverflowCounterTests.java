package io.weir.monitor;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OverflowCounter}.
 */
class OverflowCounterTests {

	private final OverflowCounter counter = new OverflowCounter();

	// Readings as drops/ListenOverflows, and the overflows after each
	@ParameterizedTest(name = "{0}: {1} is {2}")
	@CsvSource({ "nothing, 0/0 0/0, 0 0", "overflows, 3/3 10/10, 3 10", "stray packets, 1000/0 2000/0, 0 0",
			"other listeners, 0/1000 0/2000, 0 0", "overflows among stray packets, 100/7 200/7, 7 7",
			"overflows among those of others, 5/100, 5", "seen by one file only until the next, 5/3 5/5, 3 5",
			"and the other way round, 3/5 5/5, 3 5", "too late, 5/0 5/0 5/5, 0 0 0",
			"too late the other way round, 0/5 0/5 5/5, 0 0 0",
			"what was matched is not matched again, 5/5 5/5 9/9, 5 5 9",
			"stray packets carried over count once, 4/0 6/6 6/6, 0 6 6", "carried over and new, 2/0 7/7 7/9, 0 7 7" })
	void overflowsAreWhatBothCount(String name, String readings, String expected) {
		this.counter.begin(0);
		List<Long> overflows = List.of(readings.split(" ", -1)).stream().map(this::read).toList();
		assertThat(overflows)
			.containsExactlyElementsOf(List.of(expected.split(" ", -1)).stream().map(Long::valueOf).toList());
	}

	private long read(String reading) {
		String[] numbers = reading.split("/", -1);
		this.counter.read(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]));
		return this.counter.overflows();
	}

	@Test
	void whatTheNamespaceCountedBeforeIsNoOverflow() {
		this.counter.begin(1000);
		read("5/1000");
		assertThat(this.counter.overflows()).isZero();
		assertThat(this.counter.drops()).isEqualTo(5);
	}

	@Test
	void whereTheNamespaceWasNotReadBeforeTheFirstReadingIsNoOverflow() {
		read("5/1000");
		assertThat(this.counter.overflows()).isZero();
		assertThat(read("6/1001")).isEqualTo(1);
	}

	@Test
	void whenAnotherSocketListensThenTheSumsGoOn() {
		this.counter.begin(0);
		read("5/5");
		this.counter.restart();
		assertThat(read("7/12")).isEqualTo(12);
		assertThat(this.counter.drops()).isEqualTo(12);
	}

	@Test
	void dropsAreCountedWithoutTheNamespaceToo() {
		this.counter.readDrops(3);
		this.counter.readDrops(5);
		assertThat(this.counter.drops()).isEqualTo(5);
		assertThat(this.counter.overflows()).isZero();
	}

}
