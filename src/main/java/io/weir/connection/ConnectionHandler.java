package io.weir.connection;

import java.io.IOException;

/**
 * Serves one connection from its first byte to its last, on the connection's own thread.
 */
@FunctionalInterface
public interface ConnectionHandler {

	/**
	 * Serves the connection until it ends. Blocking is fine.
	 * @param connection the connection, open
	 * @return why it ended: {@link CloseReason#END_OF_STREAM} or
	 * {@link CloseReason#PARTIAL_RECORD}
	 * @throws IOException if reading or writing failed, or because the server ended the
	 * connection; a handler lets it pass
	 */
	CloseReason handle(Connection connection) throws IOException;

}
