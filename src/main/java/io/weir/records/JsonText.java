package io.weir.records;

import java.util.HexFormat;

/**
 * Text as the inside of a JSON string (RFC 8259, section 7). All control characters and
 * the two line separators of Unicode are escaped, so that a line stays one line for
 * whatever reads it.
 */
final class JsonText {

	private static final HexFormat HEX = HexFormat.of();

	private JsonText() {
	}

	/**
	 * Whether bytes are ASCII of which none is to be escaped.
	 * @param bytes the text
	 * @param length how many of them
	 */
	static boolean isPlain(byte[] bytes, int length) {
		for (int i = 0; i < length; i++) {
			byte one = bytes[i];
			if (one < ' ' || one == 0x7f || one == '"' || one == '\\') {
				return false;
			}
		}
		return true;
	}

	/**
	 * Escapes a text.
	 * @param text any characters but lone surrogates
	 */
	static String escape(String text) {
		StringBuilder escaped = new StringBuilder(text.length() + 16);
		for (int i = 0; i < text.length(); i++) {
			append(escaped, text.charAt(i));
		}
		return escaped.toString();
	}

	private static void append(StringBuilder escaped, char one) {
		switch (one) {
			case '"', '\\' -> escaped.append('\\').append(one);
			case '\b' -> escaped.append("\\b");
			case '\f' -> escaped.append("\\f");
			case '\n' -> escaped.append("\\n");
			case '\r' -> escaped.append("\\r");
			case '\t' -> escaped.append("\\t");
			case '\u2028', '\u2029' -> escaped.append("\\u").append(HEX.toHexDigits(one));
			default -> {
				if (Character.isISOControl(one)) {
					escaped.append("\\u").append(HEX.toHexDigits(one));
				}
				else {
					escaped.append(one);
				}
			}
		}
	}

}
