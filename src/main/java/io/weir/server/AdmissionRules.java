package io.weir.server;

import org.jspecify.annotations.Nullable;

import io.weir.connection.ProxyRule;
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

}
