package io.weir.transport;

import java.net.InetSocketAddress;

/**
 * Socket addresses as people read them.
 */
public final class SocketAddresses {

	private SocketAddresses() {
	}

	/**
	 * Writes an address and its port, for instance {@code 127.0.0.1:40112}.
	 * @param address a resolved IPv4 address
	 */
	public static String text(InetSocketAddress address) {
		return address.getAddress().getHostAddress() + ":" + address.getPort();
	}

}
