package io.weir.connection;

import java.net.InetSocketAddress;

/**
 * Told of each connection's beginning and end, on the connection's own thread, and of
 * those that are refused.
 */
@FunctionalInterface
public interface ConnectionListener {

	/**
	 * A connection was accepted and will be served now.
	 * @param connection the connection, nothing read yet
	 */
	default void opened(Connection connection) {
		// Most listeners don't care
	}

	/**
	 * A connection is closed; its counters don't move any more.
	 */
	void closed(Connection connection, CloseReason reason);

	/**
	 * A connection was refused before it was served. Its own thread or the accept thread
	 * calls, so this must not block.
	 * @param connection the connection, closed
	 */
	default void rejected(Connection connection, RejectReason reason) {
		// Most listeners don't care
	}

	/**
	 * A socket was refused before there was a connection. The accept thread calls, so
	 * this must not block.
	 * @param peer the client's address and port
	 */
	default void rejected(InetSocketAddress peer, RejectReason reason) {
		// Most listeners don't care
	}

}
