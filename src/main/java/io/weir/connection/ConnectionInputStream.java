package io.weir.connection;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

import io.weir.transport.PooledConnection;

/**
 * The bytes of a connection as a stream.
 */
final class ConnectionInputStream extends InputStream {

	private final PooledConnection connection;

	private final Runnable end;

	ConnectionInputStream(PooledConnection connection, Runnable end) {
		this.connection = connection;
		this.end = end;
	}

	@Override
	public int read() throws IOException {
		byte[] one = new byte[1];
		return (read(one, 0, 1) < 0) ? -1 : Byte.toUnsignedInt(one[0]);
	}

	@Override
	public int read(byte[] target, int offset, int length) throws IOException {
		return this.connection.read(ByteBuffer.wrap(target, offset, length));
	}

	@Override
	public int available() throws IOException {
		return this.connection.available();
	}

	@Override
	public void close() {
		this.end.run();
	}

}
