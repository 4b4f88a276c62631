package io.weir.transport;

import java.io.IOException;

import io.weir.api.ClientConnection;

/**
 * What the built-in protocols know of a connection beyond its API, and a user's handler
 * does not: reads that take no memory while they wait, what a read brings at once, and a
 * counter of records.
 */
public interface PooledConnection extends ClientConnection {

	/**
	 * Reads as {@link #read(java.nio.ByteBuffer)} does.
	 * @param target appended to
	 * @return how many bytes were read, at least 1; -1 at the end of the stream
	 * @throws IOException if the read failed, or the connection has ended
	 */
	int read(ReadBuffer target) throws IOException;

	/**
	 * How many bytes a read brings without waiting.
	 * @return 0 if none has come
	 * @throws IOException if the socket is closed
	 */
	int available() throws IOException;

	/**
	 * Counts a record that was unpacked. Lets other connections go first now and then.
	 */
	void recordUnpacked();

}
