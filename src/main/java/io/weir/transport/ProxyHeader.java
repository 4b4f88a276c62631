package io.weir.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

import org.jspecify.annotations.Nullable;

/**
 * The header of the PROXY protocol, version 1 or 2, at the begin of what has come.
 *
 * @see <a href= "https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt">The PROXY
 * protocol</a>
 */
final class ProxyHeader {

	/**
	 * The most bytes of a header. The text knows no limit; a client's certificate makes
	 * the longest ones.
	 */
	static final int MAX = 4096;

	private static final byte[] V1 = "PROXY ".getBytes(StandardCharsets.US_ASCII);

	private static final int V1_MAX = 107;

	private static final Pattern V1_LINE = Pattern
		.compile("(UNKNOWN)(?: .*)?|(TCP[46]) (\\S+) (\\S+) (0|[1-9]\\d{0,4}) (0|[1-9]\\d{0,4})", Pattern.DOTALL);

	private static final byte[] V2 = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");

	private static final int V2_FIXED = 16;

	private static final int LOCAL = 0;

	private static final int INET = 1;

	private static final int INET6 = 2;

	private static final int UNIX = 3;

	private static final int STREAM = 1;

	private static final int CRC32C_TYPE = 3;

	private static final int TLV_FIXED = 3;

	private static final int MAX_PORT = 65535;

	/**
	 * What the first bytes of a connection say.
	 */
	sealed interface Outcome {

		/**
		 * The bytes so far are the begin of a header.
		 */
		record Incomplete() implements Outcome {
		}

		/**
		 * The header is there.
		 *
		 * @param length its bytes
		 * @param client whom the proxy forwards; null if the addresses of the socket
		 * itself count
		 */
		record Complete(int length, @Nullable InetSocketAddress client) implements Outcome {
		}

		/**
		 * It is no header, whatever comes.
		 *
		 * @param reason what is wrong; quotes nothing of the peer's
		 */
		record Refused(String reason) implements Outcome {
		}

	}

	private static final Outcome INCOMPLETE = new Outcome.Incomplete();

	private ProxyHeader() {
	}

	/**
	 * Reads the header. Nothing is changed.
	 * @param bytes all that has come so far, from position to limit
	 */
	static Outcome parse(ByteBuffer bytes) {
		ByteBuffer header = bytes.slice();
		if (startsLike(header, V1)) {
			return (header.limit() <= V1.length) ? INCOMPLETE : parseV1(header);
		}
		if (startsLike(header, V2)) {
			return (header.limit() < V2_FIXED) ? checkBegin(header) : parseV2(header);
		}
		return refused("no header of the PROXY protocol");
	}

	// Whether what there is of a signature is right
	private static boolean startsLike(ByteBuffer header, byte[] signature) {
		int length = Math.min(header.limit(), signature.length);
		return header.slice(0, length).equals(ByteBuffer.wrap(signature, 0, length));
	}

	private static Outcome refused(String reason) {
		return new Outcome.Refused(reason);
	}

	private static Outcome parseV1(ByteBuffer header) {
		int end = V1.length;
		int max = Math.min(header.limit(), V1_MAX - 1);
		while (end < max && header.get(end) != '\r' && header.get(end) != '\n') {
			end++;
		}
		if (end == V1_MAX - 1) {
			return refused("no line of at most 107 bytes");
		}
		if (end < header.limit() && header.get(end) == '\n') {
			return refused("a line that ends without CR");
		}
		if (end + 1 >= header.limit()) {
			return INCOMPLETE;
		}
		if (header.get(end + 1) != '\n') {
			return refused("a CR without LF");
		}
		byte[] line = new byte[end - V1.length];
		header.get(V1.length, line);
		return parseV1(new String(line, StandardCharsets.ISO_8859_1), end + 2);
	}

	private static Outcome parseV1(String line, int length) {
		Matcher form = V1_LINE.matcher(line);
		if (!form.matches()) {
			return refused("a line of another form than TCP4 or TCP6, two addresses and two ports, or UNKNOWN");
		}
		if (form.group(1) != null) {
			return new Outcome.Complete(length, null);
		}
		boolean ipv6 = form.group(2).equals("TCP6");
		InetAddress source = literal(form.group(3), ipv6);
		InetAddress destination = literal(form.group(4), ipv6);
		if (source == null || destination == null) {
			return refused("no " + form.group(2) + " address where one must be");
		}
		int port = Integer.parseInt(form.group(5));
		if (port > MAX_PORT || Integer.parseInt(form.group(6)) > MAX_PORT) {
			return refused("a port above 65535");
		}
		return new Outcome.Complete(length, new InetSocketAddress(source, port));
	}

	private static @Nullable InetAddress literal(String text, boolean ipv6) {
		return (text.indexOf(':') >= 0 == ipv6) ? AddressLiteral.parse(text) : null;
	}

	// What of the fixed part has come
	private static Outcome checkBegin(ByteBuffer header) {
		if (header.limit() > V2.length) {
			int version = header.get(V2.length) >>> 4 & 0xf;
			int command = header.get(V2.length) & 0xf;
			if (version != 2 || command > 1) {
				return refused("version " + version + " and command " + command + ", not version 2 and LOCAL or PROXY");
			}
			if (command != LOCAL && header.limit() > V2.length + 1) {
				int family = header.get(V2.length + 1) >>> 4 & 0xf;
				int protocol = header.get(V2.length + 1) & 0xf;
				if (family > UNIX || protocol > 2) {
					return refused("unknown family " + family + " or protocol " + protocol);
				}
			}
		}
		return INCOMPLETE;
	}

	private static Outcome parseV2(ByteBuffer header) {
		Outcome begin = checkBegin(header);
		if (begin instanceof Outcome.Refused) {
			return begin;
		}
		int length = V2_FIXED + Short.toUnsignedInt(header.getShort(V2_FIXED - 2));
		if (length > MAX) {
			return refused("a header of " + length + " bytes, more than " + MAX);
		}
		boolean local = (header.get(V2.length) & 0xf) == LOCAL;
		int family = local ? 0 : header.get(V2.length + 1) >>> 4 & 0xf;
		int protocol = header.get(V2.length + 1) & 0xf;
		int addresses = (protocol == 0) ? 0 : addressBytes(family);
		if (length < V2_FIXED + addresses) {
			return refused("too few bytes for the addresses of its family");
		}
		if (header.limit() < length) {
			return INCOMPLETE;
		}
		ByteBuffer whole = header.slice(0, length);
		String problem = local ? null : checkTlvs(whole, V2_FIXED + addresses, addresses > 0);
		if (problem != null) {
			return refused(problem);
		}
		boolean forwarded = protocol == STREAM && (family == INET || family == INET6);
		return new Outcome.Complete(length, forwarded ? client(whole, family) : null);
	}

	private static int addressBytes(int family) {
		return switch (family) {
			case INET -> 12;
			case INET6 -> 36;
			case UNIX -> 216;
			default -> 0;
		};
	}

	private static InetSocketAddress client(ByteBuffer header, int family) {
		byte[] address = new byte[(family == INET) ? 4 : 16];
		header.get(V2_FIXED, address);
		int port = Short.toUnsignedInt(header.getShort(V2_FIXED + 2 * address.length));
		try {
			return new InetSocketAddress(InetAddress.getByAddress(address), port);
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException(ex);
		}
	}

	// Without a family it is not known where they begin, so that they need not be right
	private static @Nullable String checkTlvs(ByteBuffer header, int begin, boolean known) {
		int checksum = -1;
		int next = begin;
		while (next < header.limit()) {
			int left = header.limit() - next - TLV_FIXED;
			int size = (left >= 0) ? Short.toUnsignedInt(header.getShort(next + 1)) : 0;
			if (left < size) {
				return known ? "a TLV that goes beyond the header" : null;
			}
			if (header.get(next) == CRC32C_TYPE) {
				if (size != Integer.BYTES) {
					return known ? "a CRC32c of " + size + " bytes" : null;
				}
				checksum = next + TLV_FIXED;
			}
			next += TLV_FIXED + size;
		}
		return (checksum < 0 || isRight(header, checksum)) ? null : "a wrong CRC32c";
	}

	// Computed with its own four bytes as zeros
	private static boolean isRight(ByteBuffer header, int checksum) {
		CRC32C crc = new CRC32C();
		crc.update(header.slice(0, checksum));
		crc.update(new byte[Integer.BYTES]);
		crc.update(header.slice(checksum + Integer.BYTES, header.limit() - checksum - Integer.BYTES));
		return (int) crc.getValue() == header.getInt(checksum);
	}

}
