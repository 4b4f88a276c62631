package io.weir.tls;

import java.nio.ByteBuffer;
import java.util.Objects;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TlsBuffers}.
 */
class TlsBuffersTests {

	@Test
	void whenAsManyLargeOnesAreTakenAsMayBeThenThereIsNoneUntilOneIsGivenBack() {
		TlsBuffers buffers = new TlsBuffers(2 * TlsBuffers.LARGE + 1);
		ByteBuffer first = Objects.requireNonNull(buffers.tryLarge());
		assertThat(buffers.tryLarge()).isNotNull();
		assertThat(buffers.tryLarge()).isNull();
		buffers.give(buffers.record());
		buffers.give(buffers.small());
		assertThat(buffers.tryLarge()).isNull();
		buffers.give(first);
		assertThat(buffers.tryLarge()).isSameAs(first);
		assertThat(buffers.tryLarge()).isNull();
	}

	@Test
	void whenTakenThenEachHasItsSize() {
		TlsBuffers buffers = new TlsBuffers();
		assertThat(buffers.small().capacity()).isEqualTo(TlsBuffers.SMALL);
		assertThat(buffers.record().capacity()).isEqualTo(TlsBuffers.RECORD);
		assertThat(Objects.requireNonNull(buffers.tryLarge()).capacity()).isEqualTo(TlsBuffers.LARGE);
	}

}
