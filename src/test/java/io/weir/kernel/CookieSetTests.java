package io.weir.kernel;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CookieSet}.
 */
class CookieSetTests {

	@Test
	void addTellsWhatIsNew() {
		Random random = new Random(1);
		CookieSet cookies = new CookieSet();
		for (int round = 0; round < 3; round++) {
			Set<Long> expected = new HashSet<>();
			for (int i = 0; i < 20_000; i++) {
				long cookie = random.nextBoolean() ? random.nextInt(1, 10_000) : random.nextLong();
				assertThat(cookies.add(cookie)).isEqualTo(expected.add(cookie));
			}
			assertThat(cookies.size()).isEqualTo(expected.size());
			cookies.clear();
			assertThat(cookies.size()).isZero();
		}
	}

}
