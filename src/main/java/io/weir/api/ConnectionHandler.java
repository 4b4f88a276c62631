package io.weir.api;

import java.io.IOException;

/**
 * A protocol: serves connections in blocking style. One object serves all connections, so
 * it keeps what belongs to one of them in local variables.
 */
@FunctionalInterface
public interface ConnectionHandler {

	/**
	 * Serves one connection from its first byte to its last, on a thread of its own. When
	 * it returns, the connection ends as at the end of the stream: the peer gets a FIN
	 * and is read to its own.
	 * <p>
	 * What {@link ClientConnection}'s reads and writes throw may pass: the connection
	 * then ends for its true reason. A {@link java.io.EOFException} after the peer's end
	 * means that the stream ended inside an exchange. Whatever else leaves this method is
	 * logged as a failure of the handler, and ends this connection only.
	 * @param connection the connection; of no use after the return
	 * @throws IOException if reading or writing failed, or because the server ended the
	 * connection
	 */
	void handle(ClientConnection connection) throws IOException;

}
