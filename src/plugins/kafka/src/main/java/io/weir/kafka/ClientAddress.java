package io.weir.kafka;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * A client's address as Weir writes it: an IPv6 address as RFC 5952 has it.
 */
final class ClientAddress {

	private static final int GROUPS = 8;

	private ClientAddress() {
	}

	/**
	 * Writes an address without its port, for instance {@code 10.1.0.7} or
	 * {@code 2001:db8::7}.
	 */
	static String text(InetAddress address) {
		return (address instanceof Inet6Address v6) ? text(v6.getAddress()) : address.getHostAddress();
	}

	/**
	 * Writes an address with its port, for instance {@code 10.1.0.7:40112} or
	 * {@code [2001:db8::7]:40112}.
	 */
	static String text(InetSocketAddress address) {
		String text = text(address.getAddress());
		return (text.contains(":") ? "[" + text + "]" : text) + ":" + address.getPort();
	}

	private static String text(byte[] address) {
		List<String> groups = new ArrayList<>();
		for (int i = 0; i < GROUPS; i++) {
			groups.add(Integer.toHexString((address[2 * i] & 0xff) << 8 | (address[2 * i + 1] & 0xff)));
		}
		int begin = 0;
		int length = 0;
		for (int i = 0; i < GROUPS; i++) {
			int end = i;
			while (end < GROUPS && groups.get(end).equals("0")) {
				end++;
			}
			if (end - i > length) {
				begin = i;
				length = end - i;
			}
		}
		if (length < 2) {
			return String.join(":", groups);
		}
		return String.join(":", groups.subList(0, begin)) + "::"
				+ String.join(":", groups.subList(begin + length, GROUPS));
	}

}
