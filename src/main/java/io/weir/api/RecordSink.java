package io.weir.api;

import java.io.IOException;
import java.time.Duration;

/**
 * Takes the records that the record protocols unpack. A bean of this type gets each of
 * them; one object serves all connections, on many threads at once. The records of one
 * connection come in their order.
 */
@FunctionalInterface
public interface RecordSink {

	/**
	 * Takes one record, on its connection's thread. Blocking is the backpressure: a sink
	 * that waits for a lock, a queue or a socket holds up that connection, and so its
	 * peer, and no other. With {@code tcp.server.threads=auto}, computing or file I/O
	 * holds up the other connections of the event loop. The thread is interrupted when
	 * the connection is cut meanwhile.
	 * <p>
	 * Whatever is thrown ends the connection, and counts the record as failed.
	 * @param record the record
	 * @throws IOException if the record can't be taken
	 */
	void accept(UnpackedRecord record) throws IOException;

	/**
	 * Sends on what was taken. Called at the end of a drain, when all connections have
	 * ended.
	 * @param atMost how long the caller waits; after that the process may end
	 * @throws IOException if that failed
	 */
	default void flush(Duration atMost) throws IOException {
	}

}
