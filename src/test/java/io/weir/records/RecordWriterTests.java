package io.weir.records;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.weir.api.UnpackedRecord;
import io.weir.struct.StructFormat;
import io.weir.transport.SocketAddresses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RecordWriter} and its buffer, with an output that fails as it is told.
 */
@Timeout(60)
class RecordWriterTests {

	private static final JsonMapper JSON = new JsonMapper();

	private static final InetSocketAddress PEER = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 40_112);

	private final TestOutput output = new TestOutput();

	private final RecordWriter writer = new RecordWriter(
			new JsonEncoder(RecordFields.of(List.of("number"), StructFormat.parse("q")), SocketAddresses::text),
			this.output);

	@AfterEach
	void close() {
		this.output.permits.release(1_000_000);
		this.writer.close();
	}

	@Test
	void whenARecordComesThenItIsVisibleWithin100Milliseconds() throws Exception {
		this.writer.accept(record(1, 0));
		this.writer.flush(Duration.ofSeconds(5));
		// The fastest: what it waits for by itself it always waits for, a busy machine
		// only now and then
		long fastest = Long.MAX_VALUE;
		for (int i = 1; i < 10; i++) {
			long begin = System.nanoTime();
			this.writer.accept(record(1, i));
			while (this.output.size() < i + 1) {
				Thread.onSpinWait();
			}
			fastest = Math.min(fastest, System.nanoTime() - begin);
		}
		assertThat(Duration.ofNanos(fastest)).isLessThan(Duration.ofMillis(100));
	}

	@Test
	void whenManyThreadsWriteThenEachRecordIsThereOnceAndInItsOrder() throws Exception {
		int threads = 64;
		int each = 5_000;
		List<Thread> all = new ArrayList<>();
		for (int t = 0; t < threads; t++) {
			int connection = t;
			all.add(Thread.ofVirtual().start(() -> {
				for (int i = 0; i < each; i++) {
					accept(record(connection, i));
				}
			}));
		}
		for (Thread thread : all) {
			thread.join();
		}
		this.writer.flush(Duration.ofSeconds(20));
		assertNumbers(this.output.lines(), threads, each);
		assertThat(this.writer.written()).isEqualTo((long) threads * each);
		assertThat(this.writer.givenUp()).isZero();
	}

	@Test
	void whenWritesArePartialAndFailThenEveryLineIsCompletedAndThereOnce() throws Exception {
		this.output.random = new Random(3);
		for (int i = 0; i < 20_000; i++) {
			this.writer.accept(record(0, i));
		}
		this.writer.flush(Duration.ofSeconds(20));
		assertNumbers(this.output.lines(), 1, 20_000);
		assertThat(this.output.failures.get()).isPositive();
		assertThat(this.writer.written()).isEqualTo(20_000);
		assertThat(this.writer.fault()).isNull();
	}

	@Test
	void whenNothingCanBeWrittenThenThatIsKnownAndConnectionsWait() throws Exception {
		this.output.failure = new IOException("No space left on device");
		AtomicLong accepted = new AtomicLong();
		Thread connection = Thread.ofVirtual().start(() -> {
			for (int i = 0; i < 50_000; i++) {
				accept(record(0, i));
				accepted.incrementAndGet();
			}
		});
		// A thread waits for the buffer's lock, too, while there is room
		Awaitility.await()
			.until(() -> accepted.get() * this.output.lineLength() >= RecordBuffer.HALF - 200L
					&& connection.getState() == Thread.State.WAITING);
		Awaitility.await().ignoreException(NullPointerException.class).untilAsserted(() -> {
			WriteFault fault = Objects.requireNonNull(this.writer.fault());
			assertThat(fault.reason()).isEqualTo("No space left on device");
			assertThat(fault.output()).isEqualTo("a test");
			assertThat(fault.lasting()).isPositive();
		});
		// Bounded: two halves. The first lines are some bytes shorter
		assertThat(accepted.get() * this.output.lineLength()).isBetween(RecordBuffer.HALF - 200L,
				2L * RecordBuffer.HALF + 20_000);
		assertThat(this.writer.written()).isZero();
		this.output.failure = null;
		connection.join();
		this.writer.flush(Duration.ofSeconds(20));
		assertNumbers(this.output.lines(), 1, 50_000);
		assertThat(this.writer.fault()).isNull();
	}

	@Test
	void whenAWriteBlocksThenThatIsAFault() throws Exception {
		this.output.permits.drainPermits();
		this.writer.accept(record(0, 0));
		Awaitility.await().ignoreException(NullPointerException.class).untilAsserted(() -> {
			WriteFault fault = Objects.requireNonNull(this.writer.fault());
			assertThat(fault.reason()).contains("blocked");
		});
		this.output.permits.release(100);
		this.writer.flush(Duration.ofSeconds(5));
		// The write has yet to return
		Awaitility.await().until(() -> this.writer.fault() == null);
	}

	@Test
	void whenAThreadThatWaitsIsInterruptedThenItsRecordIsNotTaken() throws Exception {
		this.output.failure = new IOException("no");
		AtomicInteger taken = new AtomicInteger();
		CompletableFuture<Throwable> thrown = new CompletableFuture<>();
		Thread connection = Thread.ofVirtual().start(() -> {
			try {
				for (int i = 0; i < 50_000; i++) {
					this.writer.accept(record(0, i));
					taken.incrementAndGet();
				}
			}
			catch (IOException ex) {
				thrown.complete(ex);
			}
		});
		Awaitility.await().until(() -> connection.getState() == Thread.State.WAITING);
		connection.interrupt();
		assertThat(thrown.get()).isInstanceOf(InterruptedIOException.class);
		this.output.failure = null;
		this.writer.flush(Duration.ofSeconds(10));
		assertNumbers(this.output.lines(), 1, taken.get());
	}

	@Test
	void whenItIsGivenUpThenWhatWasNotWrittenIsCounted() throws Exception {
		this.writer.accept(record(0, 0));
		this.writer.flush(Duration.ofSeconds(5));
		this.output.failure = new IOException("no");
		for (int i = 1; i < 100; i++) {
			this.writer.accept(record(0, i));
		}
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> this.writer.flush(Duration.ofMillis(50)))
			.withMessage("99 records are not written");
		this.writer.giveUp();
		assertThat(this.writer.written()).isEqualTo(1);
		assertThat(this.writer.givenUp()).isEqualTo(99);
		this.output.failure = null;
		this.writer.accept(record(0, 1));
		this.writer.flush(Duration.ofSeconds(5));
		assertThat(this.writer.written()).isEqualTo(2);
		assertNumbers(this.output.lines(), 1, 2);
	}

	@Test
	void whenALineHasToBeWrittenAgainThenItIsThereOnce() throws Exception {
		this.output.rewinds = true;
		for (int i = 0; i < 1_000; i++) {
			this.writer.accept(record(0, i));
		}
		this.writer.flush(Duration.ofSeconds(10));
		assertNumbers(this.output.lines(), 1, 1_000);
		assertThat(this.writer.written()).isEqualTo(1_000);
	}

	@Test
	void whenItIsClosedThenWhatIsThereIsWrittenFirst() throws Exception {
		for (int i = 0; i < 1_000; i++) {
			this.writer.accept(record(0, i));
		}
		this.writer.close();
		Awaitility.await().until(() -> this.output.aborted);
		assertNumbers(this.output.lines(), 1, 1_000);
	}

	private void accept(UnpackedRecord record) {
		try {
			this.writer.accept(record);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static UnpackedRecord record(long connection, long number) {
		return new UnpackedRecord(connection, PEER, Instant.now(), List.of("number"), List.of(number));
	}

	private static void assertNumbers(List<String> lines, int connections, int each) {
		Map<Integer, Integer> next = new HashMap<>();
		for (String line : lines) {
			JsonNode json = JSON.readTree(line);
			int connection = json.get("connection").intValue();
			assertThat(json.get("number").intValue()).isEqualTo(next.getOrDefault(connection, 0));
			next.merge(connection, 1, Integer::sum);
		}
		assertThat(next).hasSize(connections);
		assertThat(next.values()).containsOnly(each);
	}

	private static final class TestOutput implements RecordOutput {

		private final ByteArrayOutputStream written = new ByteArrayOutputStream();

		private final Semaphore permits = new Semaphore(1_000_000);

		private final AtomicInteger failures = new AtomicInteger();

		private volatile @Nullable IOException failure;

		private volatile @Nullable Random random;

		private volatile boolean rewinds;

		private volatile boolean aborted;

		@Override
		public String text() {
			return "a test";
		}

		@Override
		public int write(byte[] bytes, int from, int to) throws IOException {
			this.permits.acquireUninterruptibly();
			IOException failing = this.failure;
			if (failing != null) {
				throw failing;
			}
			Random chance = this.random;
			int count = to - from;
			if (chance != null) {
				count = 1 + chance.nextInt(count);
				if (chance.nextInt(5) == 0) {
					this.failures.incrementAndGet();
					throw new IOException("now and then");
				}
			}
			if (this.rewinds && count > 10) {
				// Half of the first line, which goes away again
				this.rewinds = false;
				this.begun = 10;
				return 10;
			}
			if (this.begun > 0) {
				int lost = this.begun;
				this.begun = 0;
				return -lost;
			}
			synchronized (this.written) {
				this.written.write(bytes, from, count);
			}
			return count;
		}

		private int begun;

		@Override
		public void abort() {
			this.aborted = true;
		}

		private int size() {
			return lines().size();
		}

		private List<String> lines() {
			synchronized (this.written) {
				return this.written.toString(StandardCharsets.UTF_8).lines().toList();
			}
		}

		private int lineLength() {
			Lines lines = new Lines();
			new JsonEncoder(RecordFields.of(List.of("number"), StructFormat.parse("q")), SocketAddresses::text)
				.encode(record(0, 12_345), lines);
			return lines.size();
		}

	}

}
