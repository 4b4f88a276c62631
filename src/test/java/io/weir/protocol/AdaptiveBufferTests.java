package io.weir.protocol;

import java.nio.ByteBuffer;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AdaptiveBuffer}.
 */
class AdaptiveBufferTests {

	private static final int SMALL = 2 * 1024;

	private static final int LARGE = 128 * 1024;

	private final AdaptiveBuffer.Pools pools = new AdaptiveBuffer.Pools(1);

	@Test
	void whenMuchComesThenItGrowsAndWhenLittleComesThenItShrinks() {
		try (AdaptiveBuffer buffer = new AdaptiveBuffer(this.pools)) {
			assertThat(buffer.clear().capacity()).isEqualTo(SMALL);
			buffer.fit(SMALL - 1);
			assertThat(buffer.clear().capacity()).isEqualTo(SMALL);
			buffer.fit(SMALL);
			assertThat(buffer.clear().capacity()).isEqualTo(LARGE);
			buffer.fit(LARGE);
			assertThat(buffer.clear().capacity()).isEqualTo(LARGE);
			buffer.fit(1);
			assertThat(buffer.clear().capacity()).isEqualTo(SMALL);
		}
	}

	@Test
	void whenClosedThenItsBufferServesTheNext() {
		ByteBuffer small;
		ByteBuffer large;
		try (AdaptiveBuffer first = new AdaptiveBuffer(this.pools)) {
			small = first.clear();
			first.fit(SMALL);
			large = first.clear();
		}
		try (AdaptiveBuffer second = new AdaptiveBuffer(this.pools)) {
			assertThat(second.clear()).isSameAs(small);
			second.fit(SMALL);
			assertThat(second.clear()).isSameAs(large);
		}
	}

}
