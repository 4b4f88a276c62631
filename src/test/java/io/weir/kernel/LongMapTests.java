package io.weir.kernel;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LongMap}.
 */
class LongMapTests {

	private final LongMap map = new LongMap();

	@Test
	void putTellsWhichKeysAreNewAndTheLastValueCounts() {
		Random random = new Random(1);
		for (int round = 0; round < 3; round++) {
			Map<Long, Long> expected = new HashMap<>();
			for (int i = 1; i <= 20_000; i++) {
				long key = random.nextBoolean() ? random.nextInt(1, 10_000) : random.nextLong();
				assertThat(this.map.put(key, i)).isEqualTo(expected.put(key, (long) i) == null);
			}
			expected.forEach((key, value) -> assertThat(this.map.get(key)).isEqualTo(value));
			this.map.clear();
			expected.keySet().forEach((key) -> assertThat(this.map.get(key)).isZero());
		}
	}

	@Test
	void aKeyThatIsNotThereHasNoValue() {
		this.map.put(1, 5);
		assertThat(this.map.get(2)).isZero();
		this.map.clear();
		assertThat(this.map.get(1)).isZero();
	}

	@Test
	void theKeyZeroIsNeverThere() {
		assertThat(this.map.put(0, 5)).isFalse();
		assertThat(this.map.get(0)).isZero();
	}

	@Test
	void theKeyZeroHasNotTheValueOfARemovedKey() {
		// In the place where a search for 0 begins
		this.map.put(118, 5);
		this.map.clear();
		assertThat(this.map.get(0)).isZero();
	}

	@Test
	void everyKeyIsFoundWhateverItsBits() {
		for (int bit = 0; bit < Long.SIZE; bit++) {
			assertThat(this.map.put(1L << bit, bit)).isTrue();
		}
		for (int bit = 0; bit < Long.SIZE; bit++) {
			assertThat(this.map.get(1L << bit)).isEqualTo(bit);
		}
	}

}
