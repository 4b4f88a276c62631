package io.weir.connection;

import java.net.InetAddress;

import org.jspecify.annotations.Nullable;

/**
 * A place among the connections that may be open at once. Its holder closes it; closing
 * it again does nothing.
 */
public interface Slot extends AutoCloseable {

	/**
	 * Asks whether a client may have the place, and counts it for the client's address
	 * until it is closed. To be called once.
	 * @param client the client's address
	 * @return null if it may, else why not
	 */
	@Nullable RejectReason admit(InetAddress client);

	/**
	 * Asks whether a proxy may have the place for itself. It counts for no address.
	 * @param proxy the proxy's address
	 * @return null if it may, else why not
	 */
	@Nullable RejectReason admitProxy(InetAddress proxy);

	@Override
	void close();

}
