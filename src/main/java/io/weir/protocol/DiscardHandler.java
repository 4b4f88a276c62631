package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionHandler;

/**
 * Reads and throws away (RFC 863).
 */
class DiscardHandler implements ConnectionHandler {

	private final AdaptiveBuffer.Pools pools = new AdaptiveBuffer.Pools(1);

	@Override
	public CloseReason handle(Connection connection) throws IOException {
		try (AdaptiveBuffer adaptive = new AdaptiveBuffer(this.pools)) {
			return connection.repeat(() -> discard(connection, adaptive));
		}
	}

	private static @Nullable CloseReason discard(Connection connection, AdaptiveBuffer adaptive) throws IOException {
		ByteBuffer buffer = adaptive.buffer();
		int count = connection.readNext(buffer);
		if (count < 0) {
			ExchangeLog.noData(connection);
			return CloseReason.END_OF_STREAM;
		}
		ExchangeLog.received(connection, buffer.flip());
		buffer.clear();
		adaptive.fit(count);
		return null;
	}

}
