package io.weir.transport;

import java.net.InetAddress;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Reads an address that is written out, as {@code inet_pton(3)} does: no name is looked
 * up, and none of the short forms that the JDK takes ({@code 10.1}, {@code 010.0.0.1}).
 */
final class AddressLiteral {

	private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

	private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";

	private static final String GROUP = "[0-9a-fA-F]{0,4}";

	private static final Pattern FORM = Pattern
		.compile(IPV4 + "|(?:" + GROUP + ":){2,8}(?:" + GROUP + "|" + IPV4 + ")");

	private AddressLiteral() {
	}

	/**
	 * Reads an address.
	 * @param text for instance {@code 10.0.0.1} or {@code 2001:db8::7}
	 * @return an IPv4 address for {@code ::ffff:10.0.0.1} too; null if it is no address
	 */
	static @Nullable InetAddress parse(String text) {
		if (!FORM.matcher(text).matches()) {
			return null;
		}
		try {
			return InetAddress.ofLiteral(text);
		}
		catch (IllegalArgumentException ex) {
			// The number of groups is wrong
			return null;
		}
	}

}
