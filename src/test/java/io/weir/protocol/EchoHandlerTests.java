package io.weir.protocol;

import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.weir.transport.BufferPool;
import io.weir.ServedConnection;
import io.weir.connection.CloseReason;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EchoHandler}.
 */
class EchoHandlerTests {

	private static final BufferPool POOL = BufferPool.direct();

	private final EchoHandler handler = new EchoHandler(POOL);

	@Test
	void whenBytesComeThenTheyComeBackInOrder() throws Exception {
		byte[] mebibyte = new byte[1024 * 1024];
		new Random(7).nextBytes(mebibyte);
		try (ServedConnection served = new ServedConnection(this.handler)) {
			CompletableFuture<byte[]> echoed = CompletableFuture.supplyAsync(() -> {
				try {
					return served.peer().receive(mebibyte.length);
				}
				catch (java.io.IOException ex) {
					throw new java.io.UncheckedIOException(ex);
				}
			});
			served.peer().send(mebibyte).endStream();
			assertThat(echoed.get(20, TimeUnit.SECONDS)).isEqualTo(mebibyte);
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().bytesReceived()).isEqualTo(mebibyte.length);
			assertThat(served.connection().bytesSent()).isEqualTo(mebibyte.length);
		}
	}

	@Test
	void whenMuchAndLittleAlternateThenNothingIsLost() throws Exception {
		Random random = new Random(9);
		try (ServedConnection served = new ServedConnection(this.handler)) {
			for (int size : new int[] { 1, 2047, 2048, 2049, 10, 50_000, 1, 100_000, 3 }) {
				byte[] bytes = new byte[size];
				random.nextBytes(bytes);
				assertThat(served.peer().send(bytes).receive(size)).isEqualTo(bytes);
			}
			served.peer().endStream();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().records()).isZero();
		}
	}

}
