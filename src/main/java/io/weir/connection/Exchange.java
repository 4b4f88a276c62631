package io.weir.connection;

import java.io.IOException;

import org.jspecify.annotations.Nullable;

/**
 * A step of a connection's protocol: waits for bytes once, and serves what they complete.
 */
@FunctionalInterface
public interface Exchange {

	/**
	 * Takes one step. Each may run on another thread than the one before.
	 * @return null to go on with the next; else why the connection ended
	 * @throws IOException if reading or writing failed, or because the server ended the
	 * connection
	 */
	@Nullable CloseReason run() throws IOException;

}
