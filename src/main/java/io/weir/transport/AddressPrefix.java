package io.weir.transport;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A range of addresses as CIDR writes it (RFC 4632, RFC 4291 section 2.3):
 * {@code 10.1.0.0/16}, {@code 2001:db8::/32}, or one address. No range has addresses of
 * both families. In the order of their first addresses, the larger range first.
 * Immutable.
 */
public final class AddressPrefix implements Comparable<AddressPrefix> {

	/**
	 * All IPv4 addresses.
	 */
	public static final AddressPrefix ALL_IPV4 = new AddressPrefix(new byte[4], 0);

	/**
	 * All IPv6 addresses.
	 */
	public static final AddressPrefix ALL_IPV6 = new AddressPrefix(new byte[16], 0);

	private static final Pattern LENGTH = Pattern.compile("0|[1-9]\\d{0,2}");

	// Bits before the IPv4 address in ::ffff:a.b.c.d
	private static final int MAPPED_BITS = 96;

	private static final int CLIENT_BITS = 64;

	private final byte[] network;

	private final int length;

	private AddressPrefix(byte[] network, int length) {
		this.network = network;
		this.length = length;
	}

	/**
	 * Makes the range of one address.
	 */
	public static AddressPrefix of(InetAddress address) {
		byte[] bytes = address.getAddress();
		return new AddressPrefix(bytes, bytes.length * Byte.SIZE);
	}

	/**
	 * Makes the range that counts as one client: the address, or of IPv6 its /64, as a
	 * client has a /64 to choose its addresses from.
	 */
	public static AddressPrefix ofClient(InetAddress address) {
		return (address instanceof Inet6Address) ? of(address, CLIENT_BITS) : of(address);
	}

	/**
	 * Makes the range that an address is in.
	 * @param bits how many of its bits count, at most all
	 */
	public static AddressPrefix of(InetAddress address, int bits) {
		return new AddressPrefix(masked(address.getAddress(), bits), bits);
	}

	/**
	 * Reads a prefix. No name is looked up.
	 * @param text an IPv4 or IPv6 address, alone or with {@code /} and the number of its
	 * leading bits that count. {@code ::ffff:a.b.c.d} is the IPv4 address
	 * @throws IllegalArgumentException if it is none; the message tells people why,
	 * without the text
	 */
	public static AddressPrefix parse(String text) {
		int slash = text.indexOf('/');
		String literal = (slash < 0) ? text : text.substring(0, slash);
		byte[] address = address(literal);
		int max = address.length * Byte.SIZE;
		if (slash < 0) {
			return new AddressPrefix(address, max);
		}
		boolean mapped = address.length == 4 && literal.indexOf(':') >= 0;
		int length = length(text.substring(slash + 1), mapped ? MAPPED_BITS : 0, mapped ? MAPPED_BITS + max : max);
		AddressPrefix prefix = new AddressPrefix(masked(address, length), length);
		if (!Arrays.equals(prefix.network, address)) {
			throw new IllegalArgumentException(
					"has bits set after the first %d: the prefix is %s".formatted(length, prefix));
		}
		return prefix;
	}

	private static byte[] address(String literal) {
		InetAddress address = AddressLiteral.parse(literal);
		if (address == null) {
			throw new IllegalArgumentException(
					"is not an IPv4 or IPv6 address or prefix, such as 10.1.2.3, 10.1.0.0/16 or 2001:db8::/32");
		}
		return address.getAddress();
	}

	private static int length(String text, int min, int max) {
		int length = LENGTH.matcher(text).matches() ? Integer.parseInt(text) : -1;
		if (length < min || length > max) {
			throw new IllegalArgumentException("must have %d to %d after its /".formatted(min, max));
		}
		return length - min;
	}

	private static byte[] masked(byte[] address, int length) {
		byte[] masked = Arrays.copyOf(Arrays.copyOf(address, (length + 7) / Byte.SIZE), address.length);
		if (length % Byte.SIZE != 0) {
			masked[length / Byte.SIZE] &= (byte) (0xff00 >> (length % Byte.SIZE));
		}
		return masked;
	}

	/**
	 * Whether an address is in the range. One of the other family is not.
	 */
	public boolean contains(InetAddress address) {
		return contains(address.getAddress());
	}

	/**
	 * Whether an address is in the range. Allocates nothing.
	 * @param address 4 or 16 bytes, as of {@link InetAddress#getAddress()}
	 */
	public boolean contains(byte[] address) {
		int whole = this.length / Byte.SIZE;
		if (address.length != this.network.length || !Arrays.equals(address, 0, whole, this.network, 0, whole)) {
			return false;
		}
		int mask = (0xff00 >> (this.length % Byte.SIZE)) & 0xff;
		return mask == 0 || ((address[whole] ^ this.network[whole]) & mask) == 0;
	}

	/**
	 * Whether all addresses of another range are in this one.
	 */
	boolean contains(AddressPrefix other) {
		return other.length >= this.length && contains(other.network);
	}

	/**
	 * The range of which this one and another are the halves.
	 * @return null if they are not
	 */
	@Nullable AddressPrefix mergedWith(AddressPrefix other) {
		boolean alike = this.length == other.length && this.network.length == other.network.length;
		if (!alike || this.length == 0 || equals(other)) {
			return null;
		}
		AddressPrefix merged = new AddressPrefix(masked(this.network, this.length - 1), this.length - 1);
		return merged.contains(other.network) ? merged : null;
	}

	/**
	 * Whether its addresses are IPv4 addresses.
	 */
	public boolean isIpv4() {
		return this.network.length == 4;
	}

	@Override
	public int compareTo(AddressPrefix other) {
		int families = Integer.compare(this.network.length, other.network.length);
		int addresses = (families != 0) ? families : Arrays.compareUnsigned(this.network, other.network);
		return (addresses != 0) ? addresses : Integer.compare(this.length, other.length);
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof AddressPrefix prefix && this.length == prefix.length
				&& Arrays.equals(this.network, prefix.network);
	}

	@Override
	public int hashCode() {
		return Arrays.hashCode(this.network) * 31 + this.length;
	}

	/**
	 * A single address without its length, any other range as {@link #toString} has it.
	 */
	public String shortText() {
		String text = toString();
		return (this.length == this.network.length * Byte.SIZE) ? text.substring(0, text.indexOf('/')) : text;
	}

	/**
	 * The prefix as {@link #parse} reads it, with its length, for instance
	 * {@code 10.1.0.0/16}.
	 */
	@Override
	public String toString() {
		try {
			return SocketAddresses.text(InetAddress.getByAddress(this.network)) + '/' + this.length;
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException("the address has 4 or 16 bytes", ex);
		}
	}

}
