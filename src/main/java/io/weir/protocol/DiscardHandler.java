package io.weir.protocol;

import java.io.IOException;

import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;
import io.weir.transport.BufferPool;

/**
 * Reads and throws away (RFC 863).
 *
 * @param pool where buffers come from
 */
public record DiscardHandler(BufferPool pool) implements ConnectionHandler {

	@Override
	public void handle(ClientConnection connection) throws IOException {
		try (ConnectionInput input = new ConnectionInput(connection, this.pool)) {
			while (input.read()) {
				WireLog.received(connection, input.bytes());
				input.clear();
				connection.exchangeDone();
			}
			WireLog.noData(connection);
		}
	}

}
