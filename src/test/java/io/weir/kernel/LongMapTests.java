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
			for (int i = 0; i < 20_000; i++) {
				long key = random.nextBoolean() ? random.nextInt(1, 10_000) : random.nextLong();
				assertThat(this.map.put(key, i)).isEqualTo(expected.put(key, (long) i) == null);
			}
			assertThat(this.map.size()).isEqualTo(expected.size());
			expected.forEach((key, value) -> {
				assertThat(this.map.contains(key)).isTrue();
				assertThat(this.map.get(key)).isEqualTo(value);
			});
			this.map.clear();
			assertThat(this.map.size()).isZero();
			expected.keySet().forEach((key) -> assertThat(this.map.contains(key)).isFalse());
		}
	}

	@Test
	void aKeyThatIsNotThereHasNoValue() {
		this.map.put(1, 5);
		assertThat(this.map.contains(2)).isFalse();
		assertThat(this.map.get(2)).isZero();
		this.map.clear();
		assertThat(this.map.get(1)).isZero();
	}

	@Test
	void theKeyZeroIsNeverThere() {
		assertThat(this.map.put(0, 5)).isFalse();
		assertThat(this.map.contains(0)).isFalse();
		assertThat(this.map.get(0)).isZero();
		assertThat(this.map.size()).isZero();
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
