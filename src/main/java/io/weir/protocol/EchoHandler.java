package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;
import io.weir.transport.BufferPool;
import io.weir.transport.ReadBuffer;

/**
 * Sends every byte back, in order (RFC 862).
 */
public final class EchoHandler implements ConnectionHandler {

	private final BufferPool pool;

	/**
	 * Creates the protocol.
	 * @param pool where buffers come from
	 */
	public EchoHandler(BufferPool pool) {
		this.pool = pool;
	}

	@Override
	public void handle(ClientConnection connection) throws IOException {
		try (ReadBuffer buffer = new ReadBuffer(this.pool)) {
			while (buffer.readFrom(connection) >= 0) {
				ByteBuffer bytes = buffer.bytes();
				int count = bytes.remaining();
				WireLog.received(connection, bytes);
				connection.write(bytes);
				WireLog.sent(connection, bytes, count);
			}
			WireLog.noData(connection);
		}
	}

}
