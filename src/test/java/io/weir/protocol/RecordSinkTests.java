package io.weir.protocol;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.weir.ServedConnection;
import io.weir.api.ConnectionHandler;
import io.weir.api.RecordSink;
import io.weir.api.UnpackedRecord;
import io.weir.connection.CloseReason;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.MaxAge;
import io.weir.connection.TimeoutWatchdog;
import io.weir.records.RecordFields;
import io.weir.records.RecordSinks;
import io.weir.transport.BufferPool;
import io.weir.transport.SocketAddresses;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the record protocols do with sinks, and sinks with their connections.
 */
class RecordSinkTests {

	private static final BufferPool POOL = BufferPool.direct();

	private static final Duration IDLE_TIMEOUT = Duration.ofMillis(200);

	private final Queue<UnpackedRecord> taken = new ConcurrentLinkedQueue<>();

	@Test
	void whenRecordsComeThenTheSinkGetsThemInTheirOrder() throws Exception {
		try (ServedConnection served = new ServedConnection(record(this.taken::add))) {
			ByteBuffer all = ByteBuffer.allocate(1000 * Recipe.FORMAT.size());
			for (int i = 0; i < 1000; i++) {
				all.put(Recipe.FORMAT.pack(i, new byte[] { 'a', 'b' }, 2, 3, 3, 2.5));
			}
			served.peer().send(all.array()).endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(this.taken).hasSize(1000).allSatisfy((record) -> {
				assertThat(record.connection()).isEqualTo(served.connection().id());
				assertThat(record.peer()).isEqualTo(served.connection().peer());
				assertThat(record.fields()).containsExactly("f1", "f2", "f3", "f4", "f5", "f6");
			});
			assertThat(this.taken.stream().map((record) -> record.values().getFirst()))
				.containsExactlyElementsOf(LongStream.range(0, 1000).boxed().toList());
		}
	}

	@Test
	void whenTheRecipesExchangeIsServedThenTheSinkGetsItsRecord() throws Exception {
		ConnectionHandler handler = new EchoRecordHandler(1024, Recipe.FORMAT, POOL, sinks(this.taken::add));
		try (ServedConnection served = new ServedConnection(handler)) {
			served.peer().send(Recipe.DATA).receive(Recipe.DATA.length);
			served.peer().send(Recipe.RECORD).endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(this.taken).hasSize(1);
		}
	}

	static List<Exception> failures() {
		// The first one would be a partial record if it were the connection's own
		return List.of(new EOFException("of the sink"), new IOException("Connection reset"),
				new IllegalStateException("a bug"));
	}

	@ParameterizedTest
	@MethodSource("failures")
	void whenTheSinkThrowsThenTheConnectionEndsAsAHandlersErrorAndTheRecordCounts(Exception failure) throws Exception {
		RecordSinks sinks = sinks((record) -> {
			this.taken.add(record);
			if (this.taken.size() == 3) {
				if (failure instanceof IOException io) {
					throw io;
				}
				throw (RuntimeException) failure;
			}
		});
		try (ServedConnection served = new ServedConnection(new RecordHandler(Recipe.FORMAT, POOL, sinks))) {
			served.peer().send(Recipe.records(10)).endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.HANDLER_ERROR);
			assertThat(served.connection().failure()).hasRootCause(failure);
			assertThat(served.connection().records()).isEqualTo(3);
			assertThat(this.taken).hasSize(3);
			assertThat(sinks.counts().failed()).isEqualTo(1);
		}
	}

	@Test
	void whenTheSinkBlocksThenItsPeerWaitsAndIsNotIdle() throws Exception {
		CountDownLatch free = new CountDownLatch(1);
		ConnectionRegistry registry = new ConnectionRegistry();
		try (TimeoutWatchdog watch = watchdog(registry);
				ServedConnection served = new ServedConnection(registry, record(blocking(free)));
				ServedConnection idle = new ServedConnection(registry, record(this.taken::add))) {
			served.peer().send(Recipe.records(2));
			Awaitility.await().until(() -> served.connection().records() == 1);
			watch.start();
			// Another one is idle in that time
			assertThat(idle.peer().receiveToEnd()).isEmpty();
			idle.peer().endStream();
			assertThat(idle.reason()).isEqualTo(CloseReason.IDLE_TIMEOUT);
			Awaitility.await().until(() -> served.connection().age().compareTo(IDLE_TIMEOUT.multipliedBy(3)) > 0);
			assertThat(served.connection().closeReason()).isNull();
			assertThat(served.connection().records()).isEqualTo(1);
			served.peer().endStream();
			free.countDown();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(this.taken).hasSize(2);
		}
	}

	@Test
	void whenTheSinkBlocksThenAnOperatorCanCloseTheConnection() throws Exception {
		CountDownLatch never = new CountDownLatch(1);
		RecordSinks sinks = sinks(blocking(never));
		ConnectionRegistry registry = new ConnectionRegistry();
		try (TimeoutWatchdog watch = watchdog(registry);
				ServedConnection served = new ServedConnection(registry,
						new RecordHandler(Recipe.FORMAT, POOL, sinks))) {
			served.peer().send(Recipe.records(2));
			Awaitility.await().until(() -> served.connection().records() == 1);
			watch.start();
			assertThat(served.connection().end(CloseReason.CLOSED_BY_OPERATOR)).isTrue();
			assertThat(served.reason()).isEqualTo(CloseReason.CLOSED_BY_OPERATOR);
			assertThat(sinks.counts().failed()).isEqualTo(1);
		}
	}

	private RecordSink blocking(CountDownLatch free) {
		return (record) -> {
			try {
				free.await();
			}
			catch (InterruptedException ex) {
				throw new InterruptedIOException();
			}
			this.taken.add(record);
		};
	}

	private static TimeoutWatchdog watchdog(ConnectionRegistry registry) {
		return new TimeoutWatchdog(registry, Duration.ZERO, IDLE_TIMEOUT, Duration.ZERO,
				new MaxAge(Duration.ZERO, Duration.ZERO), (connection) -> OptionalLong.empty(), () -> {
				});
	}

	private static ConnectionHandler record(RecordSink sink) {
		return new RecordHandler(Recipe.FORMAT, POOL, sinks(sink));
	}

	private static RecordSinks sinks(RecordSink sink) {
		return new RecordSinks(RecordFields.of(List.of(), Recipe.FORMAT), List.of(sink), null, SocketAddresses::text);
	}

}
