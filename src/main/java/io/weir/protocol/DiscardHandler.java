package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

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
			while (true) {
				ByteBuffer buffer = adaptive.clear();
				int count = connection.readNext(buffer);
				if (count < 0) {
					ExchangeLog.noData(connection);
					return CloseReason.END_OF_STREAM;
				}
				ExchangeLog.received(connection, buffer.flip());
				adaptive.fit(count);
			}
		}
	}

}
