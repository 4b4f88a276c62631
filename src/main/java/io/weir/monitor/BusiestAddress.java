package io.weir.monitor;

import java.net.InetAddress;

import org.jspecify.annotations.Nullable;

import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.transport.AddressPrefix;
import io.weir.transport.AddressPrefixes;

/**
 * Finds the one client address, or /64 of IPv6 as for
 * {@code max-connections-per-address}, that holds more than half of the places, if there
 * is one. It is then the majority of the open connections, which two walks find without a
 * table (Boyer and Moore, 1981). Safe for any thread.
 */
public final class BusiestAddress {

	private static final int LEAST_PLACES = 10;

	/**
	 * An address and what it holds.
	 *
	 * @param address the client's, of IPv6 its /64
	 * @param connections how many of the open connections are its
	 */
	record Share(AddressPrefix address, int connections) {
	}

	private final ConnectionRegistry connections;

	private final int places;

	private final AddressPrefixes proxies;

	private volatile @Nullable Share share;

	/**
	 * Creates the search.
	 * @param connections the open connections
	 * @param places how many there may be; with less than 10 there is nothing to find
	 * @param proxies the addresses of trusted proxies, which are no clients
	 */
	public BusiestAddress(ConnectionRegistry connections, int places, AddressPrefixes proxies) {
		this.proxies = proxies;
		this.connections = connections;
		this.places = places;
	}

	/**
	 * Looks once.
	 */
	public void look() {
		this.share = (this.places >= LEAST_PLACES && this.connections.active() * 2 > this.places) ? find() : null;
	}

	private @Nullable Share find() {
		AddressPrefix candidate = null;
		int lead = 0;
		for (Connection connection : this.connections.connections()) {
			InetAddress address = connection.peer().getAddress();
			if (this.proxies.contains(address)) {
				continue;
			}
			if (candidate == null || lead == 0) {
				candidate = AddressPrefix.ofClient(address);
			}
			lead += candidate.contains(address) ? 1 : -1;
		}
		return (candidate != null) ? count(candidate) : null;
	}

	private @Nullable Share count(AddressPrefix candidate) {
		int count = 0;
		for (Connection connection : this.connections.connections()) {
			count += candidate.contains(connection.peer().getAddress()) ? 1 : 0;
		}
		return (count * 2L > this.places) ? new Share(candidate, count) : null;
	}

	/**
	 * What the last look found.
	 * @return null if no address holds more than half
	 */
	@Nullable Share share() {
		return this.share;
	}

}
