package io.weir.connection;

import java.util.OptionalLong;

/**
 * Tells how many bytes a connection's peer has acknowledged, whatever the process has
 * handed to the kernel.
 */
@FunctionalInterface
public interface AcknowledgedBytes {

	/**
	 * Asks for a connection.
	 * @param connection an open connection
	 * @return never less than before; empty where that is not to be known
	 */
	OptionalLong of(Connection connection);

}
