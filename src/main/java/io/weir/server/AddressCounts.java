package io.weir.server;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.weir.transport.AddressPrefix;

/**
 * How many connections each client address has open, of IPv6 each /64. Has no entry for
 * an address without a connection. Safe for any thread.
 */
final class AddressCounts {

	private final int max;

	private final Map<AddressPrefix, Integer> open = new HashMap<>();

	private int atMax;

	AddressCounts(int max) {
		this.max = max;
	}

	/**
	 * Counts one more, unless the address has as many as it may.
	 * @return what to {@linkplain #remove remove}; null if it is not counted
	 */
	synchronized @Nullable AddressPrefix tryAdd(InetAddress client) {
		AddressPrefix address = AddressPrefix.ofClient(client);
		int count = this.open.getOrDefault(address, 0);
		if (count >= this.max) {
			return null;
		}
		this.open.put(address, count + 1);
		this.atMax += (count + 1 == this.max) ? 1 : 0;
		return address;
	}

	/**
	 * Counts one less.
	 */
	synchronized void remove(AddressPrefix address) {
		this.open.computeIfPresent(address, (key, count) -> {
			this.atMax -= (count == this.max) ? 1 : 0;
			return (count > 1) ? count - 1 : null;
		});
	}

	/**
	 * How many addresses have as many connections as they may.
	 */
	synchronized int atMax() {
		return this.atMax;
	}

}
