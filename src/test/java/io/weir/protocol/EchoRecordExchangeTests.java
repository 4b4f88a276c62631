package io.weir.protocol;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.NoRecords;
import io.weir.Footprint;
import io.weir.transport.BufferPool;
import io.weir.ServedConnection;
import io.weir.connection.CloseReason;
import io.weir.api.ConnectionHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EchoRecordExchange}: reading ahead does not change what an exchange
 * is.
 */
class EchoRecordExchangeTests {

	private static final BufferPool POOL = BufferPool.direct();

	private final ConnectionHandler handler = new EchoRecordHandler(1024, Recipe.FORMAT, POOL, NoRecords.create());

	private final Random random = new Random(11);

	private byte[] chunk(int size) {
		byte[] chunk = new byte[size];
		this.random.nextBytes(chunk);
		return chunk;
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 3, 4, 30 })
	void whenExchangesAreQueuedThenEachUnitIsAWholeChunk(int exchanges) throws Exception {
		CountDownLatch queued = new CountDownLatch(1);
		ByteArrayOutputStream echo = new ByteArrayOutputStream();
		ByteArrayOutputStream sent = new ByteArrayOutputStream();
		for (int i = 0; i < exchanges; i++) {
			byte[] chunk = chunk(1024);
			echo.writeBytes(chunk);
			sent.writeBytes(chunk);
			sent.writeBytes(Recipe.RECORD);
		}
		ConnectionHandler afterwards = (connection) -> {
			awaitUninterruptibly(queued);
			this.handler.handle(connection);
		};
		try (ServedConnection served = new ServedConnection(afterwards)) {
			served.peer().send(sent.toByteArray());
			Awaitility.await().until(() -> Footprint.queuedBytes(served.connection().channel()) == sent.size());
			queued.countDown();
			assertThat(served.peer().receive(echo.size())).isEqualTo(echo.toByteArray());
			assertThat(served.peer().endStream().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(exchanges);
		}
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void whenARecordAndTheNextUnitComeTogetherThenTheUnitIsEchoedAtOnce() throws Exception {
		try (ServedConnection served = new ServedConnection(this.handler)) {
			served.peer().send(Recipe.DATA);
			assertThat(served.peer().receive(Recipe.DATA.length)).isEqualTo(Recipe.DATA);
			for (int i = 0; i < 100; i++) {
				byte[] unit = chunk(1 + this.random.nextInt(1024));
				byte[] both = Arrays.copyOf(Recipe.RECORD, Recipe.FORMAT.size() + unit.length);
				System.arraycopy(unit, 0, both, Recipe.FORMAT.size(), unit.length);
				assertThat(served.peer().send(both).receive(unit.length)).isEqualTo(unit);
			}
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isEqualTo(100);
		}
	}

	@Test
	void whenTheStreamEndsInsideARecordThenTheEchoBeforeItHasGone() throws Exception {
		byte[] unit = chunk(1024);
		byte[] bytes = Arrays.copyOf(unit, 1024 + 21);
		try (ServedConnection served = new ServedConnection(this.handler)) {
			served.peer().send(bytes).endStream();
			assertThat(served.peer().receiveToEnd()).isEqualTo(unit);
			assertThat(served.reason()).isEqualTo(CloseReason.PARTIAL_RECORD);
		}
	}

}
