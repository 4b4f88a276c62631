package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.weir.api.ClientConnection;
import io.weir.transport.BufferPool;
import io.weir.transport.PooledConnection;
import io.weir.transport.ReadBuffer;

/**
 * What comes from one connection, read ahead: bytes that have come need no system call
 * each. Used by the connection's thread alone.
 */
final class ConnectionInput implements AutoCloseable {

	private final ClientConnection connection;

	private final ReadBuffer buffer;

	/**
	 * Creates the input of a connection, empty at first.
	 * @param connection where bytes come from
	 * @param pool where memory comes from
	 */
	ConnectionInput(ClientConnection connection, BufferPool pool) {
		this.connection = connection;
		this.buffer = new ReadBuffer(pool);
	}

	ClientConnection connection() {
		return this.connection;
	}

	/**
	 * What has come and is not served yet, from position to limit. The code that serves
	 * bytes moves the position on.
	 */
	ByteBuffer bytes() {
		return this.buffer.bytes();
	}

	/**
	 * Takes all that has come for served.
	 */
	void clear() {
		this.buffer.clear();
	}

	/**
	 * Reads once, and waits if nothing has come.
	 * @return false at the end of the stream
	 * @throws IOException if the read failed, or the connection has ended
	 */
	boolean read() throws IOException {
		int count = (this.connection instanceof PooledConnection pooled) ? pooled.read(this.buffer)
				: this.buffer.fill(this.connection::read);
		return count >= 0;
	}

	/**
	 * Reads until so many bytes are there.
	 * @param count how many
	 * @return false if the stream ended before; what came is still there
	 * @throws IOException if a read failed, or the connection has ended
	 */
	boolean await(int count) throws IOException {
		boolean more = true;
		while (more && bytes().remaining() < count) {
			more = read();
		}
		return more;
	}

	/**
	 * Whether more has come than the last read had room for.
	 * @throws IOException if the socket is closed
	 */
	boolean isMoreQueued() throws IOException {
		return this.buffer.isFull() && this.connection instanceof PooledConnection pooled && pooled.available() > 0;
	}

	/**
	 * Counts a record that was unpacked.
	 */
	void recordUnpacked() {
		if (this.connection instanceof PooledConnection pooled) {
			pooled.recordUnpacked();
		}
	}

	@Override
	public void close() {
		this.buffer.close();
	}

}
