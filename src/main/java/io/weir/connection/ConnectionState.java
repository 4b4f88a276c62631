package io.weir.connection;

import java.util.Locale;

/**
 * What a connection's thread is at.
 */
public enum ConnectionState {

	/**
	 * Agrees with the peer on TLS.
	 */
	HANDSHAKING,

	/**
	 * Waits for the first byte of an exchange, or handles it.
	 */
	READING,

	/**
	 * Writes; for long only if the peer doesn't read.
	 */
	WRITING,

	/**
	 * The server ended the connection: its sending side is shut down, what still comes is
	 * thrown away.
	 */
	CLOSING;

	private final String text = name().toLowerCase(Locale.ROOT);

	/**
	 * The state as endpoints show it.
	 * @return lower case, for instance {@code reading}
	 */
	public String text() {
		return this.text;
	}

}
