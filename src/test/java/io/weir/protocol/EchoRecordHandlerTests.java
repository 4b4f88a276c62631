package io.weir.protocol;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.Arrays;
import java.util.Random;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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
 * Tests for {@link EchoRecordHandler}.
 */
class EchoRecordHandlerTests {

	private static final BufferPool POOL = BufferPool.direct();

	private final EchoRecordHandler handler = new EchoRecordHandler(1024, Recipe.FORMAT, POOL, NoRecords.create());

	@Test
	void whenTheRecipesClientComesThenItIsServed() throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			assertThat(served.peer().send(Recipe.DATA).receive(5)).isEqualTo(Recipe.DATA);
			served.peer().send(Recipe.RECORD).endStream();
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(1);
			assertThat(served.connection().bytesReceived()).isEqualTo(27);
			assertThat(served.connection().bytesSent()).isEqualTo(5);
		}
	}

	@ParameterizedTest
	@MethodSource("insideARecord")
	void whenARecordIsSplitThenItIsOneRecord(int cut) throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			byte[] record = Recipe.RECORD;
			// Twice, so that what follows a split record is understood too
			for (int i = 1; i <= 2; i++) {
				long before = served.connection().bytesReceived();
				assertThat(served.peer().send(Recipe.DATA).receive(5)).isEqualTo(Recipe.DATA);
				served.peer().send(Arrays.copyOf(record, cut));
				served.awaitReceived(before + 5 + cut);
				served.peer().send(Arrays.copyOfRange(record, cut, record.length));
				served.awaitReceived(before + 27);
			}
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(2);
		}
	}

	@ParameterizedTest
	@MethodSource("insideARecord")
	void whenTheStreamEndsInsideARecordThenItIsPartial(int cut) throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			served.peer().send(Recipe.DATA).receive(5);
			served.peer().send(Arrays.copyOf(Recipe.RECORD, cut)).endStream();
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.PARTIAL_RECORD);
			assertThat(served.connection().records()).isZero();
			assertThat(served.connection().bytesReceived()).isEqualTo(5 + cut);
		}
	}

	static int[] insideARecord() {
		return java.util.stream.IntStream.rangeClosed(1, 21).toArray();
	}

	@Test
	void whenTheStreamEndsAtOnceThenThatIsANormalEnd() throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			assertThat(served.peer().endStream().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.EMPTY);
		}
	}

	@Test
	void whenTheStreamEndsBeforeTheRecordThenThatIsANormalEnd() throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			assertThat(served.peer().send(Recipe.DATA).endStream().receiveToEnd()).isEqualTo(Recipe.DATA);
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
		}
	}

	@Test
	void whenMoreThanAChunkComesThenTheRestIsTheRecord() throws Exception {
		byte[] unit = new byte[1024];
		new Random(1).nextBytes(unit);
		byte[] both = Arrays.copyOf(unit, 1024 + 22);
		System.arraycopy(Recipe.RECORD, 0, both, 1024, 22);
		try (ServedConnection served = new ServedConnection(this.handler)) {
			served.peer().send(both).endStream();
			assertThat(served.peer().receiveToEnd()).isEqualTo(unit);
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(1);
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 4, 22, 100 })
	void whenTheChunkSizeIsSmallThenExactlySoMuchIsEchoed(int chunkSize) throws Exception {
		EchoRecordHandler small = new EchoRecordHandler(chunkSize, Recipe.FORMAT, POOL, NoRecords.create());
		try (ServedConnection served = new ServedConnection(small)) {
			byte[] unit = new byte[chunkSize];
			Arrays.fill(unit, (byte) 'x');
			for (int i = 0; i < 3; i++) {
				byte[] both = Arrays.copyOf(unit, chunkSize + 22);
				System.arraycopy(Recipe.RECORD, 0, both, chunkSize, 22);
				assertThat(served.peer().send(both).receive(chunkSize)).isEqualTo(unit);
			}
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(3);
			assertThat(served.connection().bytesSent()).isEqualTo(3L * chunkSize);
		}
	}

	@Test
	void whenARecordIsLargerThanAChunkThenItIsReadWhole() throws Exception {
		EchoRecordHandler large = new EchoRecordHandler(16, StructFormat.parse("50000s"), POOL, NoRecords.create());
		try (ServedConnection served = new ServedConnection(large)) {
			served.peer().send((byte) 'x').receive(1);
			served.peer().send(new byte[50_000]).endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(1);
		}
	}

	@Test
	void whenDrainingThenItIsEndedBeforeAnEchoUnitOnly() throws Exception {
		ConnectionRegistry registry = new ConnectionRegistry();
		try (TimeoutWatchdog watch = new TimeoutWatchdog(registry, Duration.ZERO, Duration.ZERO, Duration.ZERO,
				new MaxAge(Duration.ZERO, Duration.ZERO), (connection) -> OptionalLong.empty(), () -> {
				});
				ServedConnection quiet = new ServedConnection(registry, this.handler);
				ServedConnection beforeRecord = new ServedConnection(registry, this.handler)) {
			watch.start();
			beforeRecord.peer().send(Recipe.DATA).receive(5);
			watch.drain();
			assertThat(quiet.peer().receiveToEnd()).isEmpty();
			quiet.peer().endStream();
			assertThat(quiet.reason()).isEqualTo(CloseReason.DRAINED);
			Awaitility.await().until(() -> beforeRecord.connection().idleFor().toMillis() > 1300);
			assertThat(beforeRecord.connection().closeReason()).isNull();
			beforeRecord.peer().send(Recipe.RECORD);
			assertThat(beforeRecord.peer().receiveToEnd()).isEmpty();
			beforeRecord.peer().endStream();
			assertThat(beforeRecord.reason()).isEqualTo(CloseReason.DRAINED);
			assertThat(beforeRecord.connection().records()).isEqualTo(1);
		}
	}

}
