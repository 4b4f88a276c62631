package io.weir.transport;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * Socket addresses as people read them.
 */
public final class SocketAddresses {

	private static final int GROUPS = 8;

	private SocketAddresses() {
	}

	/**
	 * Writes an address and its port, for instance {@code 127.0.0.1:40112} or
	 * {@code [2001:db8::7]:40112}.
	 * @param address a resolved address
	 */
	public static String text(InetSocketAddress address) {
		String host = text(address.getAddress());
		return ((host.indexOf(':') < 0) ? host : '[' + host + ']') + ':' + address.getPort();
	}

	/**
	 * Writes an address and its port.
	 * @param address a resolved address, or null
	 * @return null for null
	 */
	public static @Nullable String textOrNull(@Nullable InetSocketAddress address) {
		return (address != null) ? text(address) : null;
	}

	/**
	 * Writes an address, IPv6 in the form of RFC 5952: lower case, no leading zeros, the
	 * longest run of two or more zero groups as {@code ::}.
	 * @param address an address, whose scope is not written
	 */
	public static String text(InetAddress address) {
		return (address instanceof Inet6Address) ? text(address.getAddress()) : address.getHostAddress();
	}

	private static String text(byte[] address) {
		int[] groups = new int[GROUPS];
		for (int i = 0; i < GROUPS; i++) {
			groups[i] = ((address[2 * i] & 0xff) << 8) | (address[2 * i + 1] & 0xff);
		}
		int begin = 0;
		int end = 0;
		for (int i = 0; i < GROUPS; i++) {
			int zeros = i;
			while (zeros < GROUPS && groups[zeros] == 0) {
				zeros++;
			}
			if (zeros - i > Math.max(1, end - begin)) {
				begin = i;
				end = zeros;
			}
		}
		return (end == 0) ? join(groups, 0, GROUPS) : join(groups, 0, begin) + "::" + join(groups, end, GROUPS);
	}

	private static String join(int[] groups, int begin, int end) {
		return Arrays.stream(groups, begin, end).mapToObj(Integer::toHexString).collect(Collectors.joining(":"));
	}

}
