package io.weir.server;

import java.util.Locale;

/**
 * What the server is at.
 */
public enum ServerState {

	/**
	 * Is about to bind.
	 */
	STARTING,

	/**
	 * Accepts connections.
	 */
	ACCEPTING,

	/**
	 * Has as many connections as it may; newcomers wait in the kernel's accept queue.
	 */
	FULL,

	/**
	 * Could not accept, for instance for lack of file descriptors, and pauses before it
	 * tries again.
	 */
	BACKING_OFF,

	/**
	 * Was told to stop and serves its connections to their ends.
	 */
	DRAINING,

	/**
	 * Does not listen.
	 */
	STOPPED,

	/**
	 * The accept loop failed.
	 */
	FAILED;

	private final String text = name().toLowerCase(Locale.ROOT);

	/**
	 * The state as meters, health and endpoints show it.
	 * @return lower case, for instance {@code backing_off}
	 */
	public String text() {
		return this.text;
	}

}
