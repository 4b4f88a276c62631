package io.weir.protocol;

import org.junit.jupiter.api.Test;

import io.weir.transport.BufferPool;
import io.weir.ServedConnection;
import io.weir.connection.CloseReason;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DiscardHandler}.
 */
class DiscardHandlerTests {

	private static final BufferPool POOL = BufferPool.direct();

	@Test
	void whenBytesComeThenTheyAreReadAndNothingComesBack() throws Exception {
		try (ServedConnection served = new ServedConnection(new DiscardHandler(POOL))) {
			served.peer().send(new byte[300_000]).endStream();
			assertThat(served.peer().receiveToEnd()).isEmpty();
			assertThat(served.reason()).isEqualTo(CloseReason.END_OF_STREAM);
			assertThat(served.connection().bytesReceived()).isEqualTo(300_000);
			assertThat(served.connection().bytesSent()).isZero();
		}
	}

}
