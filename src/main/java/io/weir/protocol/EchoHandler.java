package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;
import io.weir.transport.BufferPool;

/**
 * Sends every byte back, in order (RFC 862).
 *
 * @param pool where buffers come from
 */
public record EchoHandler(BufferPool pool) implements ConnectionHandler {

	@Override
	public void handle(ClientConnection connection) throws IOException {
		try (ConnectionInput input = new ConnectionInput(connection, this.pool)) {
			while (input.read()) {
				ByteBuffer bytes = input.bytes();
				int count = bytes.remaining();
				WireLog.received(connection, bytes);
				connection.write(bytes);
				WireLog.sent(connection, bytes, count);
			}
			WireLog.noData(connection);
		}
	}

}
