package io.weir.server;

import java.util.Locale;

/**
 * Why a connection was closed after it was accepted and before it was handled: a closed
 * set, so that it can be a meter's tag.
 */
public enum RejectReason {

	/**
	 * A socket option could not be set; most often the peer had gone.
	 */
	SOCKET_OPTION,

	/**
	 * No thread could be started for it.
	 */
	THREAD_START;

	/**
	 * The reason as meters show it.
	 * @return lower case, for instance {@code socket_option}
	 */
	public String text() {
		return name().toLowerCase(Locale.ROOT);
	}

}
