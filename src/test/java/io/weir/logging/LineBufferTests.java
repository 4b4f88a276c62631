package io.weir.logging;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(30)
class LineBufferTests {

	// Each line of 2 bytes counts 50
	private final LineBuffer<byte[]> buffer = buffer(500, "[%d]");

	private final ByteArrayOutputStream target = new ByteArrayOutputStream();

	@Test
	void whenLinesFitThenTheyAreTakenInOrder() {
		add(0, 10);
		assertThat(take(1000)).isEqualTo("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
	}

	@Test
	void whenMoreIsThereThanAskedForThenTheRestIsTakenNext() {
		add(0, 4);
		assertThat(take(3)).isEqualTo("0\n1\n");
		assertThat(take(3)).isEqualTo("2\n3\n");
	}

	@Test
	void whenItIsFullThenLinesAreDroppedUntilHalfIsFree() {
		add(0, 10);
		add(0, 3);
		assertThat(this.buffer.drops()).isTrue();
		assertThat(take(1)).isEqualTo("0\n");
		// One place is free, which is not half of them
		add(9, 10);
		assertThat(take(8)).isEqualTo("1\n2\n3\n4\n");
		add(7, 9);
		assertThat(take(1000)).isEqualTo("5\n6\n7\n8\n9\n[5]7\n8\n");
	}

	@Test
	void whenNothingIsLoggedAfterwardsThenTheNumberDroppedIsToldAllTheSame() {
		add(0, 10);
		add(0, 7);
		assertThat(take(1000)).isEqualTo("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
		assertThat(take(1000)).isEqualTo("[7]");
	}

	@Test
	void whenALineIsLongerThanTheBufferThenItFitsAnEmptyOneOnly() {
		String line = "x".repeat(600);
		this.buffer.add(bytes(line));
		this.buffer.add(bytes(line));
		assertThat(take(1)).isEqualTo(line);
		assertThat(take(1)).isEqualTo("[1]");
	}

	@Test
	void whenItIsClosedThenWhatIsThereIsTakenFirst() {
		add(0, 1);
		this.buffer.close();
		assertThat(take(1000)).isEqualTo("0\n");
		assertThat(this.buffer.take(this.target::writeBytes, 1000)).isFalse();
	}

	@Test
	void whenTheWriterWaitsThenALineWakesItUp() throws Exception {
		try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
			for (int i = 0; i < 10; i++) {
				Future<String> taken = executor.submit(() -> take(1000));
				Awaitility.await().until(this.buffer::isIdle);
				add(i, i + 1);
				assertThat(taken.get(10, TimeUnit.SECONDS)).isEqualTo(i + "\n");
				assertThat(this.buffer.isIdle()).isFalse();
			}
		}
	}

	@Test
	void whenManyThreadsAddThenEveryLineIsTakenOrCounted() throws Exception {
		int threads = 4;
		int lines = 50_000;
		LineBuffer<byte[]> shared = buffer(5_000, "[%d]\n");
		CountDownLatch added = new CountDownLatch(threads);
		try (ExecutorService executor = Executors.newFixedThreadPool(threads + 1)) {
			Future<String> taken = executor.submit(() -> {
				ByteArrayOutputStream all = new ByteArrayOutputStream();
				ByteArrayOutputStream some = new ByteArrayOutputStream();
				while (shared.take(some::writeBytes, 1000)) {
					some.writeTo(all);
					some.reset();
				}
				return all.toString(StandardCharsets.US_ASCII);
			});
			for (int i = 0; i < threads; i++) {
				executor.execute(() -> {
					for (int j = 0; j < lines; j++) {
						shared.add(bytes("1\n"));
					}
					added.countDown();
				});
			}
			added.await();
			shared.close();
			long sum = taken.get(20, TimeUnit.SECONDS)
				.lines()
				.mapToLong((line) -> Long.parseLong(line.replaceAll("[\\[\\]]", "")))
				.sum();
			assertThat(sum).isEqualTo((long) threads * lines);
		}
	}

	private static LineBuffer<byte[]> buffer(long capacity, String droppedLine) {
		return new LineBuffer<>(capacity, (line) -> line.length, (count) -> bytes(droppedLine.formatted(count)));
	}

	private void add(int from, int to) {
		for (int i = from; i < to; i++) {
			this.buffer.add(bytes(i + "\n"));
		}
	}

	private String take(int max) {
		this.target.reset();
		assertThat(this.buffer.take(this.target::writeBytes, max)).isTrue();
		return this.target.toString(StandardCharsets.US_ASCII);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

}
