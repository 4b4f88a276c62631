package io.weir.tls;

import java.util.Locale;

/**
 * Whether a client must show a certificate.
 */
public enum ClientAuth {

	/**
	 * It is not asked.
	 */
	NONE,

	/**
	 * It is asked and may have none; one that is not trusted ends the handshake.
	 */
	WANT,

	/**
	 * It is asked and must have one that is trusted.
	 */
	NEED;

	/**
	 * The name as in the configuration.
	 * @return for instance {@code need}
	 */
	public String text() {
		return name().toLowerCase(Locale.ROOT);
	}

}
