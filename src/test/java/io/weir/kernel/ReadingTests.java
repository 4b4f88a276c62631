package io.weir.kernel;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Reading}.
 */
class ReadingTests {

	private final Reading<Integer> available = new Reading.Available<>(7);

	private final Reading<Integer> unavailable = new Reading.Unavailable<>("closed");

	@Test
	void whenThereIsAnAnswerThenFunctionsGetIt() {
		assertThat(this.available.map(Integer::toHexString)).isEqualTo(new Reading.Available<>("7"));
		assertThat(this.available.flatMap((value) -> new Reading.Unavailable<>("no " + value)))
			.isEqualTo(new Reading.Unavailable<>("no 7"));
		assertThat(this.available.<String>fold((value) -> "got " + value, (reason) -> reason)).isEqualTo("got 7");
		assertThat(this.available.orElse(8)).isEqualTo(7);
	}

	@Test
	void whenThereIsNoAnswerThenTheReasonStays() {
		assertThat(this.unavailable.map(Integer::toHexString)).isEqualTo(new Reading.Unavailable<>("closed"));
		assertThat(this.unavailable.flatMap((value) -> new Reading.Available<>(value + 1)))
			.isEqualTo(new Reading.Unavailable<>("closed"));
		assertThat(this.unavailable.<String>fold((value) -> "got " + value, (reason) -> reason)).isEqualTo("closed");
		assertThat(this.unavailable.orElse(8)).isEqualTo(8);
	}

}
