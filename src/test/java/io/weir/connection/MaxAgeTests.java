package io.weir.connection;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MaxAge}.
 */
class MaxAgeTests {

	@Test
	void agesOfConnectionsThatFollowEachOtherAreSpreadEvenlyOverATenthBelowAndAbove() {
		MaxAge maxAge = new MaxAge(Duration.ofSeconds(100), Duration.ZERO);
		List<Long> ages = LongStream.range(1, 10_001).map(maxAge::nanosOf).boxed().toList();
		assertThat(ages).allMatch((age) -> age >= 90_000_000_000L && age <= 110_000_000_000L);
		// A twentieth each, of which chance takes or gives some
		int[] perSecond = new int[20];
		for (long age : ages) {
			perSecond[(int) TimeUnit.NANOSECONDS.toSeconds(age - 90_000_000_000L)]++;
		}
		assertThat(Arrays.stream(perSecond).boxed()).allMatch((count) -> count > 380 && count < 620);
	}

	@Test
	void theAgeOfAConnectionStaysAndReplicasHaveOtherAges() {
		MaxAge maxAge = new MaxAge(Duration.ofDays(365), Duration.ZERO);
		MaxAge replica = new MaxAge(Duration.ofDays(365), Duration.ZERO);
		assertThat(maxAge.nanosOf(7)).isEqualTo(maxAge.nanosOf(7)).isNotEqualTo(replica.nanosOf(7)).isPositive();
	}

}
