package io.weir.kernel;

import java.util.Locale;

/**
 * Where a figure comes from.
 */
public enum Source {

	/**
	 * Asked of the kernel about this very socket, sock_diag(7).
	 */
	SOCK_DIAG,

	/**
	 * Read back from a socket with getsockopt(2).
	 */
	GETSOCKOPT,

	/**
	 * Read from proc(5).
	 */
	PROCFS,

	/**
	 * Computed from the request and the limits.
	 */
	COMPUTED,

	/**
	 * Not known; a reason says why.
	 */
	UNAVAILABLE;

	private final String text = name().toLowerCase(Locale.ROOT);

	/**
	 * The source as endpoints show it.
	 * @return lower case, for instance {@code sock_diag}
	 */
	public String text() {
		return this.text;
	}

}
