package io.weir.connection;

import java.io.IOException;

import org.jspecify.annotations.Nullable;

/**
 * One exchange of a connection's protocol, from its first byte on.
 */
@FunctionalInterface
public interface Exchange {

	/**
	 * Serves one exchange. Each may run on another thread than the one before.
	 * @return null to go on with the next one; else why the connection ended
	 * @throws IOException if reading or writing failed, or because the server ended the
	 * connection
	 */
	@Nullable CloseReason run() throws IOException;

}
