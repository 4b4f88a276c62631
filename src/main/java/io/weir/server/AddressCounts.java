package io.weir.server;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.weir.transport.AddressPrefix;

/**
 * How many connections each client address has open. An IPv6 client has a /64 to choose
 * its addresses from, so that counts as one. Has no entry for an address without a
 * connection. Safe for any thread.
 */
final class AddressCounts {

	private static final int SUBNET_BITS = 64;

	private final int max;

	private final Map<AddressPrefix, Integer> open = new HashMap<>();

	/**
	 * Creates counts at zero.
	 * @param max how many connections an address may have
	 */
	AddressCounts(int max) {
		this.max = max;
	}

	/**
	 * Counts one more, unless the address has as many as it may.
	 * @return what to {@linkplain #remove remove}; null if it is not counted
	 */
	synchronized @Nullable AddressPrefix tryAdd(InetAddress client) {
		AddressPrefix address = (client instanceof Inet6Address) ? AddressPrefix.of(client, SUBNET_BITS)
				: AddressPrefix.of(client);
		int count = this.open.getOrDefault(address, 0);
		if (count >= this.max) {
			return null;
		}
		this.open.put(address, count + 1);
		return address;
	}

	/**
	 * Counts one less.
	 */
	synchronized void remove(AddressPrefix address) {
		this.open.computeIfPresent(address, (key, count) -> (count > 1) ? count - 1 : null);
	}

	/**
	 * How many addresses have a connection.
	 */
	synchronized int size() {
		return this.open.size();
	}

}
