package io.weir.connection;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

import io.weir.api.ClientConnection;

/**
 * Writes to a connection as to a stream. Keeps nothing back.
 */
final class ConnectionOutputStream extends OutputStream {

	private final ClientConnection connection;

	private final Runnable end;

	ConnectionOutputStream(ClientConnection connection, Runnable end) {
		this.connection = connection;
		this.end = end;
	}

	@Override
	public void write(int one) throws IOException {
		write(new byte[] { (byte) one }, 0, 1);
	}

	@Override
	public void write(byte[] source, int offset, int length) throws IOException {
		this.connection.write(ByteBuffer.wrap(source, offset, length));
	}

	@Override
	public void close() {
		this.end.run();
	}

}
