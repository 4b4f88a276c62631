package io.weir.text;

import java.util.HexFormat;

import org.jspecify.annotations.Nullable;

/**
 * Text that a peer controls, made fit for one log line: a name in a certificate or in
 * SNI, a header, the message of an exception that quotes any of them.
 * <p>
 * Escapes what Python's {@code repr} escapes: the backslash, and every code point that
 * Python calls not printable, which are the general categories Cc, Cf, Cs, Co, Cn, Zl, Zp
 * and Zs without the space. Line ends, terminal sequences, bidirectional controls and
 * lone surrogates are among them. The text is cut after {@value #MAX} code points.
 *
 * @see <a href=
 * "https://docs.python.org/3.11/library/stdtypes.html#str.isprintable">Python 3.11,
 * str.isprintable</a>
 */
public final class PeerText {

	/**
	 * How many code points are shown.
	 */
	public static final int MAX = 256;

	private static final HexFormat HEX = HexFormat.of();

	private PeerText() {
	}

	/**
	 * Escapes and cuts a text.
	 * @param text any characters, lone surrogates included
	 * @return one line of printable characters: the text, {@code a\nb}, {@code \u202e},
	 * or {@code aaaa... (45000 characters)} with the full length in code points;
	 * {@code null} for null
	 */
	public static String escape(@Nullable String text) {
		if (text == null) {
			return "null";
		}
		int end = end(text);
		StringBuilder line = new StringBuilder(end + 16);
		for (int i = 0; i < end;) {
			int codePoint = text.codePointAt(i);
			append(line, codePoint);
			i += Character.charCount(codePoint);
		}
		if (end < text.length()) {
			line.append("... (").append(text.codePointCount(0, text.length())).append(" characters)");
		}
		return line.toString();
	}

	private static int end(String text) {
		if (text.length() <= MAX || text.codePointCount(0, text.length()) <= MAX) {
			return text.length();
		}
		return text.offsetByCodePoints(0, MAX);
	}

	private static void append(StringBuilder line, int codePoint) {
		switch (codePoint) {
			case '\t' -> line.append("\\t");
			case '\n' -> line.append("\\n");
			case '\r' -> line.append("\\r");
			case '\\' -> line.append("\\\\");
			default -> {
				if (isPrintable(codePoint)) {
					line.appendCodePoint(codePoint);
				}
				else if (codePoint < 0x100) {
					line.append("\\x").append(HEX.toHexDigits((byte) codePoint));
				}
				else if (codePoint < 0x10000) {
					line.append("\\u").append(HEX.toHexDigits((char) codePoint));
				}
				else {
					line.append("\\U").append(HEX.toHexDigits(codePoint, 8));
				}
			}
		}
	}

	private static boolean isPrintable(int codePoint) {
		return switch (Character.getType(codePoint)) {
			case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
					Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
				false;
			case Character.SPACE_SEPARATOR -> codePoint == ' ';
			default -> true;
		};
	}

}
