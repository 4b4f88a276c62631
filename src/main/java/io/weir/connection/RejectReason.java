package io.weir.connection;

import java.util.Locale;

/**
 * Why a connection was accepted by the kernel but never handed to layers and handler: a
 * closed set, so that it can be a meter's tag.
 */
public enum RejectReason implements EndReason {

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
	PREPARATION,

	/**
	 * The client's address is denied, or not among those that are allowed.
	 */
	DENIED,

	/**
	 * The client's address has as many connections open as one may have.
	 */
	ADDRESS_LIMIT,

	/**
	 * A trusted proxy sent no valid header in time.
	 */
	PROXY_HEADER;

	private final String text = name().toLowerCase(Locale.ROOT);

	@Override
	public boolean isByServer() {
		return true;
	}

	@Override
	public String text() {
		return this.text;
	}

}
