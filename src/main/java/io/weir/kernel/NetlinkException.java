package io.weir.kernel;

import java.io.IOException;

/**
 * Says why an exchange with the kernel over netlink failed: the kernel's error, or an
 * answer that is not what the protocol allows.
 */
final class NetlinkException extends IOException {

	private static final long serialVersionUID = 1L;

	private final int errno;

	/**
	 * The kernel sent something that cannot be read.
	 * @param message what is wrong with it
	 */
	NetlinkException(String message) {
		this(message, 0);
	}

	/**
	 * The kernel reported an error.
	 * @param message what failed
	 * @param errno the error's number, positive
	 */
	NetlinkException(String message, int errno) {
		super(message);
		this.errno = errno;
	}

	/**
	 * The kernel's error.
	 * @return its number, positive; 0 where the kernel reported none
	 */
	int errno() {
		return this.errno;
	}

}
