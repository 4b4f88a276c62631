package io.weir.server;

import java.util.List;

import org.jspecify.annotations.Nullable;

import io.weir.connection.ProxyRule;
import io.weir.transport.AddressPrefix;
import io.weir.transport.AddressPrefixes;

/**
 * Who may come in.
 *
 * @param proxies who says for whom it connects; null if nobody does
 * @param allow which clients may; empty is all
 * @param deny which of them may not
 * @param maxPerAddress how many connections one client address may have open, of IPv6 one
 * /64; 0 is any number
 */
public record AdmissionRules(@Nullable ProxyRule proxies, AddressPrefixes allow, AddressPrefixes deny,
		int maxPerAddress) {

	/**
	 * Everybody may come in.
	 */
	public static final AdmissionRules NONE = new AdmissionRules(null, AddressPrefixes.NONE, AddressPrefixes.NONE, 0);

	/**
	 * Whether a client can have an address of a family: of IPv6 behind a proxy alone, as
	 * the server listens on IPv4.
	 */
	public boolean isPossible(AddressPrefix address) {
		return address.isIpv4() || this.proxies != null;
	}

	/**
	 * Whether every client is refused, whatever its address.
	 */
	public boolean refuseEverybody() {
		List<AddressPrefix> allowed = this.allow.isEmpty() ? List.of(AddressPrefix.ALL_IPV4, AddressPrefix.ALL_IPV6)
				: this.allow.prefixes();
		return allowed.stream().noneMatch((range) -> isPossible(range) && !this.deny.contains(range));
	}

}
