package io.weir.records;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.weir.CapturedLog;
import io.weir.api.RecordSink;
import io.weir.api.UnpackedRecord;
import io.weir.struct.StructFormat;
import io.weir.transport.SocketAddresses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RecordSinks}.
 */
@Timeout(30)
class RecordSinksTests {

	private static final InetSocketAddress PEER = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 40_112);

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path folder;

	private final List<UnpackedRecord> first = new ArrayList<>();

	private final List<UnpackedRecord> second = new ArrayList<>();

	@Test
	void whenThereIsNoSinkThenItIsEmpty() {
		try (RecordSinks sinks = sinks(null)) {
			assertThat(sinks.isEmpty()).isTrue();
			assertThat(sinks.isWritten()).isFalse();
			assertThat(sinks.finish(Duration.ofSeconds(1))).isZero();
		}
	}

	@Test
	void whenARecordIsGivenThenEachSinkGetsItAndThenTheWriter() throws Exception {
		Path file = this.folder.resolve("records.jsonl");
		RecordSink last = (record) -> {
			assertThat(this.first).isEqualTo(this.second);
			assertThat(file).doesNotExist();
		};
		Instant begin = Instant.now();
		try (RecordSinks sinks = sinks(new FileOutput(file, 1 << 20, 1), this.first::add, this.second::add, last)) {
			assertThat(sinks.isWritten()).isTrue();
			sinks.give(7, PEER, List.of(1L, 2L));
			assertThat(this.second).singleElement().satisfies((record) -> {
				assertThat(record.connection()).isEqualTo(7);
				assertThat(record.peer()).isEqualTo(PEER);
				assertThat(record.receivedAt()).isBetween(begin, Instant.now());
				assertThat(record.fields()).containsExactly("x", "y");
				assertThat(record.values()).containsExactly(1L, 2L);
			});
			assertThat(sinks.finish(Duration.ofSeconds(5))).isZero();
			assertThat(sinks.counts()).isEqualTo(new RecordCounts(1, 0));
			assertThat(Files.readString(file)).contains("\"x\":1,\"y\":2}\n");
		}
	}

	@Test
	void whenASinkThrowsThenTheRecordHasFailedAndGetsNoFurther() throws Exception {
		IOException refused = new IOException("refused");
		try (RecordSinks sinks = sinks(new FileOutput(this.folder.resolve("records.jsonl"), 1 << 20, 1), (record) -> {
			throw refused;
		}, this.second::add)) {
			assertThatExceptionOfType(IOException.class).isThrownBy(() -> sinks.give(1, PEER, List.of(1L, 2L)))
				.withMessageContaining("record sink")
				.withCause(refused);
			assertThat(this.second).isEmpty();
			assertThat(sinks.finish(Duration.ofSeconds(5))).isZero();
			assertThat(sinks.counts()).isEqualTo(new RecordCounts(0, 1));
		}
	}

	@Test
	void whenASinkThrowsAnErrorThenItPassesAndIsCounted() {
		try (RecordSinks sinks = sinks(null, (record) -> {
			throw new OutOfMemoryError("test");
		})) {
			assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> sinks.give(1, PEER, List.of(1L, 2L)));
			assertThat(sinks.counts()).isEqualTo(new RecordCounts(0, 1));
		}
	}

	@Test
	void whenFinishedThenAllSinksAreFlushedAtOnceAndNotLongerThanThat() throws Exception {
		CountDownLatch both = new CountDownLatch(2);
		RecordSink hanging = new FlushedSink(() -> {
			both.countDown();
			new CountDownLatch(1).await();
		});
		RecordSink failing = new FlushedSink(() -> {
			both.countDown();
			throw new IOException("no broker");
		});
		try (RecordSinks sinks = sinks(null, hanging, failing)) {
			long begin = System.nanoTime();
			assertThat(sinks.finish(Duration.ofMillis(300))).isZero();
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofMillis(300),
					Duration.ofSeconds(10));
			assertThat(both.await(10, TimeUnit.SECONDS)).isTrue();
		}
	}

	@Test
	void whenRecordsCanNotBeWrittenAtTheEndThenTheyAreCounted() throws Exception {
		try (RecordSinks sinks = sinks(new FileOutput(this.folder.resolve("nowhere/records.jsonl"), 1 << 20, 1))) {
			for (int i = 0; i < 5; i++) {
				sinks.give(1, PEER, List.of(1L, 2L));
			}
			assertThat(sinks.counts().pending(5)).isEqualTo(5);
			assertThat(sinks.finish(Duration.ofMillis(200))).isEqualTo(5);
			assertThat(sinks.counts()).isEqualTo(new RecordCounts(0, 5));
		}
	}

	@Test
	void whenASinkOfTheUsersTakesNoneThenThatIsTheFaultAlsoWhileTheOutputCouldWrite() throws Exception {
		long now = System.nanoTime();
		CountDownLatch inside = new CountDownLatch(1);
		CountDownLatch mended = new CountDownLatch(1);
		RecordSink stuck = new WaitingSink(inside, mended);
		try (RecordSinks sinks = sinks(new FileOutput(this.folder.resolve("records.jsonl"), 1 << 20, 1),
				this.first::add, stuck)) {
			Thread connection = Thread.ofPlatform().start(() -> give(sinks));
			inside.await();
			assertThat(sinks.counts().pending(1)).isEqualTo(1);
			assertThat(sinks.fault(now)).isNull();
			assertThat(sinks.fault(now + TimeUnit.SECONDS.toNanos(47)))
				.isEqualTo(new WriteFault("the sink io.weir.records.RecordSinksTests$WaitingSink",
						"1 connection waits in it", Duration.ofSeconds(47)));
			mended.countDown();
			connection.join();
			assertThat(sinks.fault(now + TimeUnit.SECONDS.toNanos(48))).isNull();
		}
	}

	@Test
	void whenTheOutputFailsThenThatIsTheFaultBeforeASinkOfTheUsers() throws Exception {
		long now = System.nanoTime();
		CountDownLatch inside = new CountDownLatch(1);
		CountDownLatch mended = new CountDownLatch(1);
		CountDownLatch passed = new CountDownLatch(1);
		RecordSink secondWaits = (record) -> {
			if (passed.getCount() == 0) {
				new WaitingSink(inside, mended).accept(record);
			}
			passed.countDown();
		};
		try (RecordSinks sinks = sinks(new FileOutput(this.folder.resolve("nowhere/records.jsonl"), 1 << 20, 1),
				secondWaits)) {
			give(sinks);
			Awaitility.await().until(() -> sinks.fault() != null);
			Thread connection = Thread.ofPlatform().start(() -> give(sinks));
			inside.await();
			sinks.fault(now);
			assertThat(Objects.requireNonNull(sinks.fault(now + TimeUnit.SECONDS.toNanos(47))).output())
				.endsWith("nowhere/records.jsonl");
			mended.countDown();
			connection.join();
			sinks.finish(Duration.ZERO);
		}
	}

	private static void give(RecordSinks sinks) {
		try {
			sinks.give(1, PEER, List.of(1L, 2L));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static RecordSinks sinks(@Nullable RecordOutput output, RecordSink... users) {
		return new RecordSinks(RecordFields.of(List.of("x", "y"), StructFormat.parse("2B")), List.of(users), output,
				SocketAddresses::text);
	}

	private interface Flush {

		void run() throws IOException, InterruptedException;

	}

	// As a database quotes what it refuses
	@Test
	void whenAFlushFailsThenItsTextIsEscaped() {
		FlushedSink failing = new FlushedSink(() -> {
			throw new IOException("Duplicate entry 'x\nforged\u202e'");
		});
		try (CapturedLog log = CapturedLog.info(RecordSinks.class.getName());
				RecordSinks sinks = sinks(null, failing)) {
			sinks.finish(Duration.ofSeconds(5));
			assertThat(log.events()).singleElement()
				.satisfies((event) -> assertThat(event.getThrowableProxy().getMessage())
					.contains("Duplicate entry", "\\n", "\\u202e")
					.doesNotContain("\n", "\u202e"));
		}
	}

	// As a plug-in whose class path misses what its end needs
	@Test
	void whenAFlushEndsWithAnErrorThenThatIsLoggedAndEndsNothingElse() {
		FlushedSink failing = new FlushedSink(() -> {
			throw new NoClassDefFoundError("injected");
		});
		try (CapturedLog log = CapturedLog.info(RecordSinks.class.getName());
				RecordSinks sinks = sinks(null, failing)) {
			sinks.finish(Duration.ofSeconds(5));
			assertThat(log.messages()).singleElement().asString().contains("could not be flushed");
		}
	}

	private record WaitingSink(CountDownLatch inside, CountDownLatch mended) implements RecordSink {

		@Override
		public void accept(UnpackedRecord record) throws IOException {
			this.inside.countDown();
			try {
				this.mended.await();
			}
			catch (InterruptedException ex) {
				throw new InterruptedIOException();
			}
		}

	}

	private record FlushedSink(Flush flush) implements RecordSink {

		@Override
		public void accept(UnpackedRecord record) {
		}

		@Override
		public void flush(Duration atMost) throws IOException {
			try {
				this.flush.run();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
