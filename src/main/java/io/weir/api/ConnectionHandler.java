package io.weir.api;

import java.io.IOException;

/**
 * A protocol: serves connections in blocking style. A Spring bean of this type is a
 * protocol by its bean name, and {@code tcp.server.protocol} says which one is served.
 * One object serves all connections, so it keeps what belongs to one of them in local
 * variables.
 */
@FunctionalInterface
public interface ConnectionHandler {

	/**
	 * Serves one connection from its first byte to its last, on a thread of its own. When
	 * it returns, the connection ends as at the end of the stream: the peer gets a FIN
	 * and is read to its own.
	 * <p>
	 * Let exceptions of {@link ClientConnection}'s reads and writes propagate: Weir then
	 * records the true reason of the end. A {@link java.io.EOFException} after the peer's
	 * end means that the stream ended inside an exchange. Whatever else leaves this
	 * method is logged as a failure of the handler, and ends this connection only.
	 * <p>
	 * The connection may end before this method returns: the peer resets it, a timeout is
	 * over, the server stops. Reads and writes then throw, and the thread is interrupted
	 * if it waits elsewhere. The connection keeps its place of
	 * {@code tcp.server.max-connections} until the method returns.
	 * <p>
	 * With {@code tcp.server.threads=auto} connections share event loops: a handler that
	 * computes for long or blocks in file I/O keeps others waiting. With {@code virtual}
	 * it does so when as many handlers compute as there are processors, with
	 * {@code platform} never.
	 * @param connection the connection; of no use after the return
	 * @throws IOException if reading or writing failed, or because the server ended the
	 * connection
	 */
	void handle(ClientConnection connection) throws IOException;

}
