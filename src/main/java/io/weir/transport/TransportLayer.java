package io.weir.transport;

import java.io.IOException;

/**
 * What goes over the socket and beneath the protocol, such as TLS. One object serves all
 * connections.
 */
public interface TransportLayer {

	/**
	 * Agrees with the peer on the layer. Runs on the connection's thread, before the
	 * handler; the server ends the connection when the layer's time is over.
	 * @param lower what it goes over; stays open whatever happens here
	 * @param connection is told what was agreed on
	 * @return what the connection's bytes go through from now on
	 * @throws IOException if there was no agreement, or the socket failed
	 */
	Transport wrap(Transport lower, LayeredConnection connection) throws IOException;

}
