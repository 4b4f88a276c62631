package io.weir.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Tests for {@link ReadBuffer}.
 */
class ReadBufferTests {

	private static final int LARGE = 128 * 1024;

	private final List<Integer> allocated = new ArrayList<>();

	private final BufferPool pool = pool(10 * LARGE);

	private BufferPool pool(long maxBytesOfLarge) {
		return new BufferPool((size) -> {
			this.allocated.add(size);
			return ByteBuffer.allocate(size);
		}, LARGE, maxBytesOfLarge);
	}

	@Test
	void whenNothingHasComeThenItTakesNoMemory() throws IOException {
		try (ReadBuffer buffer = new ReadBuffer(this.pool)) {
			assertThat(buffer.bytes().hasRemaining()).isFalse();
			assertThat(this.allocated).isEmpty();
			assertThat(buffer.fill((target) -> 0)).isZero();
			buffer.release();
			assertThat(buffer.bytes().capacity()).isZero();
			assertThat(this.pool.take(1).capacity()).isEqualTo(BufferPool.SMALL);
			assertThat(this.allocated).containsExactly(BufferPool.SMALL);
		}
	}

	@Test
	void whenMuchComesThenItGrowsAndWhenLittleComesThenItShrinks() throws IOException {
		try (ReadBuffer buffer = new ReadBuffer(this.pool)) {
			assertThat(capacityAfter(buffer, 1)).isEqualTo(BufferPool.SMALL);
			assertThat(capacityAfter(buffer, BufferPool.SMALL)).isEqualTo(BufferPool.SMALL);
			assertThat(capacityAfter(buffer, 1)).isEqualTo(LARGE);
			assertThat(capacityAfter(buffer, LARGE)).isEqualTo(BufferPool.SMALL);
		}
	}

	// Serves all that comes
	private static int capacityAfter(ReadBuffer buffer, int count) throws IOException {
		buffer.fill((target) -> {
			int came = Math.min(count, target.remaining());
			target.position(target.position() + came);
			return came;
		});
		buffer.clear();
		return buffer.bytes().capacity();
	}

	@Test
	void whenAReadFindsNothingThenTheSizeOfTheLastOneCounts() throws IOException {
		try (ReadBuffer buffer = new ReadBuffer(this.pool)) {
			capacityAfter(buffer, BufferPool.SMALL);
			buffer.fill((target) -> 0);
			assertThat(buffer.bytes().capacity()).isEqualTo(LARGE);
		}
	}

	@Test
	void whenItHoldsBytesThenTheyAreKeptWhileItWaits() throws IOException {
		try (ReadBuffer buffer = new ReadBuffer(this.pool)) {
			buffer.fill((target) -> {
				target.put(new byte[] { 1, 2, 3 });
				return 3;
			});
			buffer.bytes().get();
			buffer.release();
			buffer.fill((target) -> {
				target.put((byte) 4);
				return 1;
			});
			assertThat(buffer.bytes()).isEqualTo(ByteBuffer.wrap(new byte[] { 2, 3, 4 }));
			assertThat(buffer.isFull()).isFalse();
		}
	}

	@ParameterizedTest
	@ValueSource(longs = { 0, LARGE })
	void whenALargeRecordIsAwaitedThenItGrowsUntilItFitsAndNoByteIsLost(long maxBytesOfLarge) throws IOException {
		byte[] sent = new byte[3_000_000];
		new Random(7).nextBytes(sent);
		try (ReadBuffer buffer = new ReadBuffer(pool(maxBytesOfLarge))) {
			int[] position = { 0 };
			while (buffer.bytes().remaining() < sent.length) {
				buffer.fill((target) -> {
					int count = Math.min(Math.min(target.remaining(), 50_000), sent.length - position[0]);
					target.put(sent, position[0], count);
					position[0] += count;
					return count;
				});
			}
			assertThat(buffer.bytes()).isEqualTo(ByteBuffer.wrap(sent));
		}
		assertThat(this.allocated.getFirst()).isEqualTo(BufferPool.SMALL);
		assertThat(this.allocated).allMatch((size) -> size < 2 * sent.length);
	}

	// Some 800 GB, if each read moved all of it
	@Test
	@Timeout(30)
	void whenALargeRecordDripsInThenWhatHasComeIsNotMovedWithEachByte() throws IOException {
		int size = 8_000_000;
		try (ReadBuffer buffer = new ReadBuffer(pool(0))) {
			while (buffer.bytes().remaining() < size) {
				keep(buffer, size);
			}
			for (int i = 0; i < 100_000; i++) {
				keep(buffer, 1);
			}
			assertThat(buffer.bytes().remaining()).isEqualTo(buffer.bytes().limit()).isGreaterThan(size);
		}
	}

	// Keeps all that comes
	private static void keep(ReadBuffer buffer, int count) throws IOException {
		buffer.fill((target) -> {
			int came = Math.min(count, target.remaining());
			target.position(target.position() + came);
			return came;
		});
	}

	@Test
	void whenTheSourceFailsThenWhatCameBeforeIsStillThere() throws IOException {
		try (ReadBuffer buffer = new ReadBuffer(this.pool)) {
			buffer.fill((target) -> {
				target.put((byte) 1);
				return 1;
			});
			assertThatIOException().isThrownBy(() -> buffer.fill((target) -> {
				throw new IOException("gone");
			}));
			assertThat(buffer.bytes()).isEqualTo(ByteBuffer.wrap(new byte[] { 1 }));
		}
	}

	@Test
	void whenClosedThenItsMemoryServesTheNext() throws IOException {
		for (int i = 0; i < 3; i++) {
			try (ReadBuffer buffer = new ReadBuffer(this.pool)) {
				capacityAfter(buffer, BufferPool.SMALL);
				capacityAfter(buffer, LARGE);
				capacityAfter(buffer, LARGE);
			}
		}
		assertThat(this.allocated).containsExactly(BufferPool.SMALL, LARGE);
	}

	@Test
	void whenNoLargeOneIsLeftThenItStaysSmall() throws IOException {
		try (ReadBuffer buffer = new ReadBuffer(pool(0))) {
			capacityAfter(buffer, BufferPool.SMALL);
			assertThat(capacityAfter(buffer, BufferPool.SMALL)).isEqualTo(BufferPool.SMALL);
		}
	}

}
