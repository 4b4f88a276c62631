package io.weir.protocol;

import java.nio.ByteBuffer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
			assertThat(buffer.buffer().capacity()).isEqualTo(SMALL);
			buffer.fit(SMALL - 1);
			assertThat(buffer.buffer().capacity()).isEqualTo(SMALL);
			buffer.fit(SMALL);
			assertThat(buffer.buffer().capacity()).isEqualTo(LARGE);
			buffer.fit(LARGE);
			assertThat(buffer.buffer().capacity()).isEqualTo(LARGE);
			buffer.fit(1);
			assertThat(buffer.buffer().capacity()).isEqualTo(SMALL);
		}
	}

	@Test
	void whenClosedThenItsBufferServesTheNext() {
		ByteBuffer small;
		ByteBuffer large;
		try (AdaptiveBuffer first = new AdaptiveBuffer(this.pools)) {
			small = first.buffer();
			first.fit(SMALL);
			large = first.buffer();
		}
		try (AdaptiveBuffer second = new AdaptiveBuffer(this.pools)) {
			assertThat(second.buffer()).isSameAs(small);
			second.fit(SMALL);
			assertThat(second.buffer()).isSameAs(large);
		}
	}

	@Test
	void whenAsManyAreLargeAsMayBeThenOthersStaySmall() {
		AdaptiveBuffer.Pools few = new AdaptiveBuffer.Pools(1, 2 * LARGE);
		try (AdaptiveBuffer first = new AdaptiveBuffer(few);
				AdaptiveBuffer second = new AdaptiveBuffer(few);
				AdaptiveBuffer third = new AdaptiveBuffer(few)) {
			assertThat(first.fit(LARGE).capacity()).isEqualTo(LARGE);
			assertThat(second.fit(LARGE).capacity()).isEqualTo(LARGE);
			assertThat(third.fit(SMALL).capacity()).isEqualTo(SMALL);
			first.fit(1);
			assertThat(third.fit(SMALL).capacity()).isEqualTo(LARGE);
			assertThat(first.fit(LARGE).capacity()).isEqualTo(SMALL);
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { SMALL, 1 })
	void whenTheSizeChangesThenWhatItHoldsIsKept(int first) {
		try (AdaptiveBuffer buffer = new AdaptiveBuffer(this.pools)) {
			buffer.fit((first == SMALL) ? 1 : SMALL);
			buffer.buffer().put(new byte[] { 1, 2, 3 });
			ByteBuffer next = buffer.fit(first);
			assertThat(next.position()).isEqualTo(3);
			assertThat(next.limit()).isEqualTo(next.capacity());
			assertThat(next.flip()).isEqualTo(ByteBuffer.wrap(new byte[] { 1, 2, 3 }));
		}
	}

}
