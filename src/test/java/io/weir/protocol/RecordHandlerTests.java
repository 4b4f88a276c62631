package io.weir.protocol;

import java.util.OptionalLong;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.IntStream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.weir.NoRecords;
import io.weir.transport.BufferPool;
import io.weir.ServedConnection;
import io.weir.connection.CloseReason;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.MaxAge;
import io.weir.connection.TimeoutWatchdog;
import io.weir.struct.StructFormat;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RecordHandler}.
 */
class RecordHandlerTests {

	private static final BufferPool POOL = BufferPool.direct();

	private final RecordHandler handler = new RecordHandler(Recipe.FORMAT, POOL, NoRecords.create());

	@Test
	void whenThousandRecordsComeAtOnceThenAllAreUnpacked() throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			served.peer().send(Recipe.records(1000)).endStream();
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(1000);
			assertThat(served.connection().bytesReceived()).isEqualTo(22_000);
			assertThat(served.connection().bytesSent()).isZero();
		}
	}

	@ParameterizedTest
	@MethodSource("insideARecord")
	void whenARecordIsSplitThenItIsOneRecord(int cut) throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			byte[] three = Recipe.records(3);
			served.peer().send(Arrays.copyOf(three, 22 + cut));
			served.awaitReceived(22 + cut);
			served.peer().send(Arrays.copyOfRange(three, 22 + cut, three.length)).endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(3);
		}
	}

	@ParameterizedTest
	@MethodSource("insideARecord")
	void whenTheStreamEndsInsideARecordThenItIsPartial(int cut) throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			served.peer().send(Arrays.copyOf(Recipe.records(2), 22 + cut)).endStream();
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.PARTIAL_RECORD);
			assertThat(served.connection().records()).isEqualTo(1);
		}
	}

	static int[] insideARecord() {
		return IntStream.rangeClosed(1, 21).toArray();
	}

	@Test
	void whenTheStreamEndsAtOnceThenThatIsANormalEnd() throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.EMPTY);
		}
	}

	@Test
	void whenEveryByteComesAloneThenAllRecordsAreUnpacked() throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			for (byte one : Recipe.records(5)) {
				served.peer().send(one);
			}
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(5);
		}
	}

	@Test
	void whenARecordIsLargerThanAReadThenItIsUnpacked() throws Exception {
		RecordHandler large = new RecordHandler(StructFormat.parse("10001s"), POOL, NoRecords.create());
		try (ServedConnection served = new ServedConnection(large)) {
			served.peer().send(new byte[30_003]).endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(3);
		}
	}

	@Test
	void whenABufferIsUsedAgainThenTheNextConnectionStartsAfresh() throws Exception {
		for (int i = 0; i < 3; i++) {
			try (ServedConnection served = new ServedConnection(this.handler)) {
				served.peer().send(Arrays.copyOf(Recipe.records(2), 30)).endStream();
				assertThat(served.reason()).isEqualTo(CloseReason.PARTIAL_RECORD);
				assertThat(served.connection().records()).isEqualTo(1);
			}
		}
	}

	@Test
	void whenDrainingThenItIsEndedAtARecordsBoundaryOnly() throws Exception {
		ConnectionRegistry registry = new ConnectionRegistry();
		try (TimeoutWatchdog watch = new TimeoutWatchdog(registry, Duration.ZERO, Duration.ZERO, Duration.ZERO,
				new MaxAge(Duration.ZERO, Duration.ZERO), (connection) -> OptionalLong.empty(), () -> {
				});
				ServedConnection quiet = new ServedConnection(registry, this.handler);
				ServedConnection inside = new ServedConnection(registry, this.handler)) {
			watch.start();
			quiet.peer().send(Recipe.RECORD);
			byte[] record = Recipe.RECORD;
			inside.peer().send(Arrays.copyOf(record, 10));
			inside.awaitReceived(10);
			watch.drain();
			assertThat(quiet.peer().receiveToEnd()).isEmpty();
			quiet.peer().endStream();
			assertThat(quiet.reason()).isEqualTo(CloseReason.DRAINED);
			Awaitility.await().until(() -> inside.connection().idleFor().toMillis() > 1300);
			assertThat(inside.connection().closeReason()).isNull();
			inside.peer().send(Arrays.copyOfRange(record, 10, 22));
			assertThat(inside.peer().receiveToEnd()).isEmpty();
			inside.peer().endStream();
			assertThat(inside.reason()).isEqualTo(CloseReason.DRAINED);
			assertThat(inside.connection().records()).isEqualTo(1);
		}
	}

}
