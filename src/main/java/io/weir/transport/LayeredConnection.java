package io.weir.transport;

/**
 * What a connection learns from its layers.
 */
public interface LayeredConnection {

	/**
	 * The connection's bytes are protected from now on.
	 * @param session what the two sides agreed on
	 */
	void secured(SecureSession session);

}
