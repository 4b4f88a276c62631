package io.weir.connection;

import java.io.IOException;

/**
 * Takes the connection's thread out of its handler after the server has ended the
 * connection. No failure, so it has no stack trace.
 */
class ConnectionEndedException extends IOException {

	private static final long serialVersionUID = 1L;

	ConnectionEndedException() {
		super("the server ended the connection");
	}

	@Override
	public Throwable fillInStackTrace() {
		return this;
	}

}
