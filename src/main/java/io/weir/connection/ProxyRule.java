package io.weir.connection;

import java.net.InetAddress;

import io.weir.transport.AddressPrefixes;

/**
 * The proxies that say for whom they open a connection.
 *
 * @param trusted their addresses; what connects from another address is a client itself
 * @param layer reads what they say
 */
public record ProxyRule(AddressPrefixes trusted, Layer layer) {

	/**
	 * Whether a connection from an address begins with the proxy's word.
	 */
	public boolean isFor(InetAddress address) {
		return this.trusted.contains(address);
	}

}
