package io.weir.connection;

/**
 * Told of each connection's beginning and end, on the connection's own thread.
 */
public interface ConnectionListener {

	/**
	 * A connection was accepted and will be served now.
	 * @param connection the connection, nothing read yet
	 */
	void opened(Connection connection);

	/**
	 * A connection is closed; its counters don't move any more.
	 * @param connection the connection
	 * @param reason why it ended
	 */
	void closed(Connection connection, CloseReason reason);

}
