package io.weir.transport;

import java.net.InetSocketAddress;

import org.jspecify.annotations.Nullable;

/**
 * What a connection learns from its layers.
 */
public interface LayeredConnection {

	/**
	 * The connection's bytes are protected from now on.
	 * @param session what the two sides agreed on
	 */
	void secured(SecureSession session);

	/**
	 * A proxy has said for whom it opened the connection.
	 * @param client the client; null if the proxy has opened it for itself, or does not
	 * know for whom
	 * @param rest how many bytes have come beyond what it said
	 */
	void forwarded(@Nullable InetSocketAddress client, int rest);

}
