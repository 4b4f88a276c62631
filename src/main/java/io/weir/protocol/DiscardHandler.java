package io.weir.protocol;

import java.io.IOException;

import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;
import io.weir.transport.BufferPool;
import io.weir.transport.ReadBuffer;

/**
 * Reads and throws away (RFC 863).
 */
public final class DiscardHandler implements ConnectionHandler {

	private final BufferPool pool;

	/**
	 * Creates the protocol.
	 * @param pool where buffers come from
	 */
	public DiscardHandler(BufferPool pool) {
		this.pool = pool;
	}

	@Override
	public void handle(ClientConnection connection) throws IOException {
		try (ReadBuffer buffer = new ReadBuffer(this.pool)) {
			while (buffer.readFrom(connection) >= 0) {
				WireLog.received(connection, buffer.bytes());
				buffer.clear();
				connection.exchangeDone();
			}
			WireLog.noData(connection);
		}
	}

}
