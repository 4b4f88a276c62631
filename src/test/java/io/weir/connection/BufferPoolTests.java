package io.weir.connection;

import java.nio.ByteBuffer;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BufferPool}.
 */
class BufferPoolTests {

	private final BufferPool pool = new BufferPool(100, 2);

	@Test
	void whenPoolIsEmptyThenTheBufferIsNewAndDirect() {
		ByteBuffer buffer = this.pool.take();
		assertThat(buffer.isDirect()).isTrue();
		assertThat(buffer.capacity()).isEqualTo(100);
		assertThat(this.pool.take()).isNotSameAs(buffer);
	}

	@Test
	void whenABufferWasGivenBackThenItIsUsedAgainAndClear() {
		ByteBuffer buffer = this.pool.take();
		buffer.position(7).limit(50);
		this.pool.give(buffer);
		ByteBuffer again = this.pool.take();
		assertThat(again).isSameAs(buffer);
		assertThat(again.position()).isZero();
		assertThat(again.limit()).isEqualTo(100);
		assertThat(this.pool.take()).isNotSameAs(buffer);
	}

	@Test
	void whenThePoolIsFullThenABufferIsLetGo() {
		ByteBuffer[] given = { this.pool.take(), this.pool.take(), this.pool.take() };
		for (ByteBuffer buffer : given) {
			this.pool.give(buffer);
		}
		for (int i = 0; i < 10; i++) {
			this.pool.give(ByteBuffer.allocateDirect(100));
		}
		assertThat(this.pool.take()).isSameAs(given[0]);
		assertThat(this.pool.take()).isSameAs(given[1]);
		assertThat(this.pool.take()).isNotSameAs(given[2]);
		// The place is free again
		this.pool.give(given[2]);
		assertThat(this.pool.take()).isSameAs(given[2]);
	}

}
