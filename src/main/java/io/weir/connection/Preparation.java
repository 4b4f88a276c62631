package io.weir.connection;

import java.io.IOException;

/**
 * What is done to an accepted socket on the connection's thread, before its layers.
 */
@FunctionalInterface
public interface Preparation {

	/**
	 * Prepares a connection.
	 * @param connection the connection, nothing read yet
	 * @throws IOException if the socket takes no options; most often the peer has gone
	 */
	void prepare(Connection connection) throws IOException;

}
