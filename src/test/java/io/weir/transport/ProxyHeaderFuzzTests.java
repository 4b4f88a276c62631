package io.weir.transport;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import io.weir.transport.ProxyHeader.Outcome;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Mutated headers against a model of the text that shares nothing with
 * {@link ProxyHeader}: no regular expression, no JDK address, no JDK checksum.
 */
class ProxyHeaderFuzzTests {

	private static final int ROUNDS = 200_000;

	private static final String S = "0d0a0d0a000d0a515549540a";

	private static final List<String> LINES = List.of("PROXY TCP4 127.0.0.7 127.0.0.1 45001 20001\r\nhello",
			"PROXY TCP6 2001:db8::7 ::1 65535 0\r\n", "PROXY TCP6 ::ffff:192.0.2.1 1:2:3:4:5:6:7:8 1 2\r\n",
			"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff:ffff::1 ffff::2 65535 65535\r\n");

	private static final List<String> HEX = List.of(S + "2111000c7f0000077f000001afca4e22",
			S + "21210024" + "0".repeat(31) + "1" + "0".repeat(31) + "1" + "d5e24e26",
			S + "211100217f0000077f000001afcc4e24030004f587957505000b7265712d32393330342d32", S + "20000000",
			S + "2011000f7f0000017f00000100010002040000", S + "2100000a03000400000000010000", S + "210000021234",
			S + "2112000c7f0000077f000001afca4e22", S + "213100d8" + "61".repeat(216),
			S + "2111001a7f0000077f000001afca4e2228000b0102030405060708090a0b");

	private static final byte[] TELLING = { 0, 1, 3, 4, 16, 0x11, 0x12, 0x20, 0x21, 0x22, ' ', '\r', '\n', '0', '1',
			'9', ':', '.', 'f', (byte) 0xff };

	@Test
	void mutatedHeadersHaveTheOutcomeOfTheModel() {
		Random random = new Random(20261125);
		int complete = 0;
		for (int round = 0; round < ROUNDS; round++) {
			byte[] bytes = seed(random);
			int mutations = random.nextInt(4);
			for (int i = 0; i < mutations; i++) {
				bytes = mutate(bytes, random);
			}
			Outcome outcome = ProxyHeader.parse(ByteBuffer.wrap(bytes));
			String shown = "round " + round + ": " + HexFormat.of().formatHex(bytes);
			assertThat(text(outcome)).as(shown).isEqualTo(model(bytes));
			assertCutsAgree(bytes, outcome, random, shown);
			complete += (outcome instanceof Outcome.Complete) ? 1 : 0;
		}
		// Neither side is all there is
		assertThat(complete).isBetween(ROUNDS / 10, ROUNDS * 9 / 10);
	}

	private static byte[] seed(Random random) {
		int seed = random.nextInt(LINES.size() + HEX.size());
		return (seed < LINES.size()) ? LINES.get(seed).getBytes(StandardCharsets.US_ASCII)
				: HexFormat.of().parseHex(HEX.get(seed - LINES.size()));
	}

	private static byte[] mutate(byte[] bytes, Random random) {
		int at = random.nextInt(bytes.length + 1);
		byte value = (random.nextInt(4) > 0) ? TELLING[random.nextInt(TELLING.length)] : (byte) random.nextInt(256);
		byte[] head = Arrays.copyOf(bytes, at);
		byte[] tail = Arrays.copyOfRange(bytes, at, bytes.length);
		byte[] rest = (tail.length > 0) ? Arrays.copyOfRange(tail, 1, tail.length) : tail;
		return switch (random.nextInt(7)) {
			case 0 -> join(head, new byte[] { value }, tail);
			case 1 -> join(head, rest);
			case 2 -> head.length > 0 ? head : bytes;
			case 3 -> join(head, tail, new byte[random.nextInt(5000)]);
			case 4 -> join(head, Arrays.copyOf(tail, Math.min(tail.length, 4)), tail);
			default -> join(head, new byte[] { value }, rest);
		};
	}

	private static byte[] join(byte[]... parts) {
		ByteBuffer all = ByteBuffer.allocate(Arrays.stream(parts).mapToInt((part) -> part.length).sum());
		for (byte[] part : parts) {
			all.put(part);
		}
		return all.array();
	}

	// What is complete or refused stays so, whatever comes; what is not may become either
	private static void assertCutsAgree(byte[] bytes, Outcome whole, Random random, String shown) {
		Outcome cut = ProxyHeader.parse(ByteBuffer.wrap(bytes, 0, random.nextInt(bytes.length + 1)));
		switch (cut) {
			case Outcome.Complete complete -> assertThat(whole).as(shown).isEqualTo(complete);
			case Outcome.Refused refused -> assertThat(whole).as(shown).isInstanceOf(Outcome.Refused.class);
			case Outcome.Incomplete incomplete -> {
			}
		}
		// Nobody is waited for without an end
		assertThat(whole instanceof Outcome.Incomplete && bytes.length >= ProxyHeader.MAX).as(shown).isFalse();
	}

	private static String text(Outcome outcome) {
		return switch (outcome) {
			case Outcome.Incomplete incomplete -> "more";
			case Outcome.Refused refused -> "refused";
			case Outcome.Complete complete -> "complete " + complete.length() + " " + text(complete.client());
		};
	}

	private static String text(@Nullable InetSocketAddress client) {
		return (client == null) ? "none"
				: HexFormat.of().formatHex(client.getAddress().getAddress()) + " " + client.getPort();
	}

	private static String model(byte[] bytes) {
		String hex = HexFormat.of().formatHex(bytes);
		String proxy = HexFormat.of().formatHex("PROXY ".getBytes(StandardCharsets.US_ASCII));
		if (hex.startsWith(proxy)) {
			return modelOfLine(new String(bytes, StandardCharsets.ISO_8859_1));
		}
		if (hex.startsWith(S)) {
			return modelOfVersion2(bytes);
		}
		return (proxy.startsWith(hex) || S.startsWith(hex)) ? "more" : "refused";
	}

	private static String modelOfLine(String text) {
		int end = 0;
		while (end < text.length() && end < 106 && "\r\n".indexOf(text.charAt(end)) < 0) {
			end++;
		}
		if (end == 106) {
			return "refused";
		}
		if (end == text.length()) {
			return "more";
		}
		if (text.charAt(end) == '\r' && end + 1 == text.length()) {
			return "more";
		}
		if (!text.startsWith("\r\n", end)) {
			return "refused";
		}
		List<String> words = new ArrayList<>(List.of(text.substring(0, end).split(" ", -1)));
		if (words.get(1).equals("UNKNOWN")) {
			return "complete " + (end + 2) + " none";
		}
		if (words.size() != 6 || !(words.get(1).equals("TCP4") || words.get(1).equals("TCP6"))) {
			return "refused";
		}
		boolean ipv6 = words.get(1).equals("TCP6");
		String source = ipv6 ? ipv6(words.get(2)) : ipv4(words.get(2));
		String destination = ipv6 ? ipv6(words.get(3)) : ipv4(words.get(3));
		long port = number(words.get(4), 65535);
		if (source == null || destination == null || port < 0 || number(words.get(5), 65535) < 0) {
			return "refused";
		}
		return "complete " + (end + 2) + " " + source + " " + port;
	}

	// -1 if it is none
	private static long number(String text, int max) {
		long value = 0;
		for (int i = 0; i < text.length(); i++) {
			char digit = text.charAt(i);
			if (digit < '0' || digit > '9' || value > max) {
				return -1;
			}
			value = value * 10 + (digit - '0');
		}
		return (text.isEmpty() || value > max || !Long.toString(value).equals(text)) ? -1 : value;
	}

	private static @Nullable String ipv4(String text) {
		StringBuilder hex = new StringBuilder();
		String[] parts = text.split("\\.", -1);
		for (String part : parts) {
			long value = number(part, 255);
			if (value < 0) {
				return null;
			}
			hex.append("%02x".formatted(value));
		}
		return (parts.length == 4) ? hex.toString() : null;
	}

	private static @Nullable String ipv6(String text) {
		int gap = text.indexOf("::");
		String hex;
		if (gap < 0) {
			hex = groups(text, true);
		}
		else {
			String before = groups(text.substring(0, gap), false);
			String after = groups(text.substring(gap + 2), true);
			if (before == null || after == null || before.length() + after.length() > 28) {
				return null;
			}
			hex = before + "0".repeat(32 - before.length() - after.length()) + after;
		}
		if (hex == null || hex.length() != 32) {
			return null;
		}
		String mapped = "0".repeat(20) + "ffff";
		return hex.startsWith(mapped) ? hex.substring(mapped.length()) : hex;
	}

	private static @Nullable String groups(String text, boolean last) {
		if (text.isEmpty()) {
			return "";
		}
		StringBuilder hex = new StringBuilder();
		String[] groups = text.split(":", -1);
		for (int i = 0; i < groups.length; i++) {
			String group = groups[i];
			if (last && i == groups.length - 1 && group.indexOf('.') >= 0) {
				String dotted = ipv4(group);
				if (dotted == null) {
					return null;
				}
				hex.append(dotted);
			}
			else if (group.isEmpty() || group.length() > 4
					|| !group.chars().allMatch((c) -> "0123456789abcdefABCDEF".indexOf(c) >= 0)) {
				return null;
			}
			else {
				hex.append("0".repeat(4 - group.length())).append(group.toLowerCase(java.util.Locale.ROOT));
			}
		}
		return hex.toString();
	}

	private static String modelOfVersion2(byte[] bytes) {
		int[] header = new int[bytes.length];
		for (int i = 0; i < bytes.length; i++) {
			header[i] = bytes[i] & 0xff;
		}
		if (header.length > 12 && header[12] != 0x20 && header[12] != 0x21) {
			return "refused";
		}
		boolean local = header.length > 12 && header[12] == 0x20;
		if (header.length > 13 && !local && (header[13] / 16 > 3 || header[13] % 16 > 2)) {
			return "refused";
		}
		if (header.length < 16) {
			return "more";
		}
		int length = 16 + header[14] * 256 + header[15];
		int[] sizes = { 0, 12, 36, 216 };
		boolean unspecified = local || header[13] / 16 == 0 || header[13] % 16 == 0;
		int first = 16 + (unspecified ? 0 : sizes[header[13] / 16]);
		if (length > 4096 || length < first) {
			return "refused";
		}
		if (header.length < length) {
			return "more";
		}
		if (!local && !tlvsAreRight(Arrays.copyOf(header, length), first, unspecified)) {
			return "refused";
		}
		if (local || (header[13] != 0x11 && header[13] != 0x21)) {
			return "complete " + length + " none";
		}
		int size = (header[13] == 0x11) ? 4 : 16;
		String address = HexFormat.of().formatHex(bytes, 16, 16 + size);
		String mapped = "0".repeat(20) + "ffff";
		int port = header[16 + 2 * size] * 256 + header[17 + 2 * size];
		return "complete " + length + " "
				+ ((size == 16 && address.startsWith(mapped)) ? address.substring(mapped.length()) : address) + " "
				+ port;
	}

	private static boolean tlvsAreRight(int[] header, int first, boolean unspecified) {
		int at = first;
		int checksum = 0;
		while (at != header.length) {
			if (at + 3 > header.length || at + 3 + header[at + 1] * 256 + header[at + 2] > header.length) {
				return unspecified;
			}
			int size = header[at + 1] * 256 + header[at + 2];
			if (header[at] == 3 && size != 4) {
				return unspecified;
			}
			checksum = (header[at] == 3) ? at + 3 : checksum;
			at += 3 + size;
		}
		return checksum == 0 || isRight(header, checksum);
	}

	// RFC 3720, B.4: the polynomial 0x1edc6f41, bits reversed
	private static boolean isRight(int[] header, int checksum) {
		int crc = -1;
		long expected = 0;
		for (int i = 0; i < header.length; i++) {
			boolean own = i >= checksum && i < checksum + 4;
			expected = own ? expected * 256 + header[i] : expected;
			crc ^= own ? 0 : header[i];
			for (int bit = 0; bit < 8; bit++) {
				crc = ((crc & 1) != 0) ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
			}
		}
		return (~crc & 0xffffffffL) == expected;
	}

}
