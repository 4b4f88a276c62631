package io.weir.transport;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link BufferPool}.
 */
class BufferPoolTests {

	private static final int LARGE = 128 * 1024;

	private final BufferPool pool = BufferPool.direct();

	@Test
	void whenThePoolIsEmptyThenABufferIsNew() {
		assertThat(this.pool.take(1).isDirect()).isTrue();
		assertThat(this.pool.take(1)).isNotSameAs(this.pool.take(1));
		assertThat(BufferPool.heap().take(1).hasArray()).isTrue();
	}

	@Test
	void whenRoomIsAskedForThenTheSizeFits() {
		assertThat(this.pool.take(BufferPool.SMALL).capacity()).isEqualTo(BufferPool.SMALL);
		assertThat(this.pool.take(BufferPool.SMALL + 1).capacity()).isEqualTo(BufferPool.MEDIUM);
		assertThat(this.pool.take(BufferPool.MEDIUM + 1).capacity()).isEqualTo(BufferPool.MEDIUM + 1);
		assertThat(this.pool.take(1_000_000).capacity()).isEqualTo(1_000_000);
		assertThat(Objects.requireNonNull(this.pool.tryLarge()).capacity()).isEqualTo(LARGE);
		assertThat(Objects.requireNonNull(BufferPool.heap().tryLarge()).capacity()).isEqualTo(64 * 1024);
	}

	@Test
	void whenABufferWasGivenBackThenItIsUsedAgainAndClear() {
		for (ByteBuffer buffer : List.of(this.pool.take(1), this.pool.take(BufferPool.MEDIUM))) {
			buffer.position(7).limit(50);
			this.pool.give(buffer);
			ByteBuffer again = this.pool.take(buffer.capacity());
			assertThat(again).isSameAs(buffer);
			assertThat(again.position()).isZero();
			assertThat(again.limit()).isEqualTo(buffer.capacity());
		}
	}

	@Test
	void whenAsManyAreLargeAsMayBeThenThereIsNoOtherUntilOneIsGivenBack() {
		BufferPool few = new BufferPool(ByteBuffer::allocate, LARGE, 2 * LARGE + 1);
		ByteBuffer first = Objects.requireNonNull(few.tryLarge());
		assertThat(few.tryLarge()).isNotNull();
		assertThat(few.tryLarge()).isNull();
		few.give(first);
		assertThat(few.tryLarge()).isSameAs(first);
		assertThat(few.tryLarge()).isNull();
	}

	@Test
	void whenAsMuchIsAskedForAsALargeOneHasThenThatDoesNotCountAsLarge() {
		BufferPool few = new BufferPool(ByteBuffer::allocate, LARGE, LARGE);
		few.give(few.take(LARGE));
		assertThat(few.tryLarge()).isNotNull();
		assertThat(few.tryLarge()).isNull();
	}

	@Test
	void whenALargeOneCannotBeAllocatedThenItsPlaceIsFree() {
		boolean[] fails = { true };
		BufferPool few = new BufferPool((size) -> {
			if (fails[0]) {
				throw new OutOfMemoryError("injected");
			}
			return ByteBuffer.allocate(size);
		}, LARGE, LARGE);
		assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(few::tryLarge);
		fails[0] = false;
		assertThat(few.tryLarge()).isNotNull();
	}

	@Test
	void whenThePoolIsFullThenABufferIsLetGo() {
		for (int i = 0; i < 100; i++) {
			this.pool.give(ByteBuffer.allocateDirect(LARGE));
		}
		ByteBuffer last = ByteBuffer.allocateDirect(LARGE);
		this.pool.give(last);
		for (int i = 0; i < 64; i++) {
			assertThat(this.pool.tryLarge()).isNotSameAs(last);
		}
		assertThat(this.pool.tryLarge()).isNotSameAs(last);
	}

}
