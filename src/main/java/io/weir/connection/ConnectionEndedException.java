package io.weir.connection;

import java.io.IOException;

/**
 * Takes a thread out of its handler after the connection has ended. No failure, so it has
 * no stack trace.
 */
class ConnectionEndedException extends IOException {

	private static final long serialVersionUID = 1L;

	ConnectionEndedException() {
		super("the connection has ended");
	}

	@Override
	public Throwable fillInStackTrace() {
		return this;
	}

}
