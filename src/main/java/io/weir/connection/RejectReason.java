package io.weir.connection;

import java.util.Locale;

/**
 * Why a connection was accepted by the kernel but never handed to layers and handler: a
 * closed set, so that it can be a meter's tag.
 */
public enum RejectReason {

	/**
	 * A socket option could not be set; most often the peer had gone.
	 */
	SOCKET_OPTION,

	/**
	 * No thread could be started for it.
	 */
	THREAD_START,

	/**
	 * Anything unexpected failed before layers and handler.
	 */
	PREPARATION;

	private final String text = name().toLowerCase(Locale.ROOT);

	/**
	 * The reason as meters and endpoints show it, for instance {@code socket_option}.
	 */
	public String text() {
		return this.text;
	}

}
