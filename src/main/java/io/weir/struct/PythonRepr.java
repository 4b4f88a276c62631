package io.weir.struct;

import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * Writes values as Python's {@code repr} does, so that a line of a log or a page can be
 * pasted into a Python prompt and gives the same value.
 * <p>
 * Everything returned is printable ASCII on one line, whatever the value: bytes and
 * characters outside of that are escaped.
 *
 * @see <a href="https://docs.python.org/3.11/library/functions.html#repr">Python 3.11,
 * repr</a>
 */
public final class PythonRepr {

	private static final HexFormat HEX = HexFormat.of();

	private PythonRepr() {
	}

	/**
	 * Python's text of one value.
	 * @param value {@code null} ({@code None}), a {@link Boolean}, a {@link Number} (a
	 * {@link Double} or a {@link Float} is written as a float, any other by its
	 * {@code toString}), a {@code byte[]} or a {@link CharSequence}
	 * @return for instance {@code True}, {@code 17}, {@code 1e+16}, {@code b'ab'},
	 * {@code 'ab'}
	 * @throws IllegalArgumentException when the value is of another class
	 */
	public static String of(@Nullable Object value) {
		return switch (value) {
			case null -> "None";
			case Boolean bool -> bool ? "True" : "False";
			case Double number -> ofDouble(number);
			case Float number -> ofDouble(number);
			case Number number -> number.toString();
			case byte[] bytes -> ofBytes(bytes);
			case CharSequence text -> ofText(text);
			default -> throw new IllegalArgumentException("no Python text for a " + value.getClass().getName());
		};
	}

	/**
	 * Python's text of a tuple.
	 * @param values its items, each of a class that {@link #of(Object)} takes
	 * @return for instance {@code ()}, {@code (1,)}, {@code (1, b'ab', 0.5)}
	 * @throws IllegalArgumentException when a value is of another class
	 */
	public static String ofTuple(List<? extends @Nullable Object> values) {
		StringBuilder text = new StringBuilder("(");
		for (int i = 0; i < values.size(); i++) {
			text.append((i > 0) ? ", " : "").append(of(values.get(i)));
		}
		// A tuple of one keeps a comma: without it Python reads a value in parentheses
		return text.append((values.size() == 1) ? ",)" : ")").toString();
	}

	/**
	 * Python's text of a {@code float}: the shortest digits that read back as the same
	 * double, with an exponent from 1e16 up and below 1e-4.
	 * @param value any double
	 * @return for instance {@code 1.0}, {@code 1e+16}, {@code 5e-324}, {@code -0.0},
	 * {@code inf}, {@code nan} (which has neither sign nor payload)
	 */
	public static String ofDouble(double value) {
		if (Double.isNaN(value)) {
			return "nan";
		}
		String sign = (Double.doubleToRawLongBits(value) < 0) ? "-" : "";
		return sign + (Double.isInfinite(value) ? "inf" : ofFinite(Math.abs(value)));
	}

	private static String ofFinite(double value) {
		// The JDK finds the shortest digits too (since 19); only the layout differs
		BigDecimal number = new BigDecimal(Double.toString(value)).stripTrailingZeros();
		if (number.precision() == 2 && value < Double.MIN_NORMAL) {
			// Double.toString prefers the closer of two digits to a single one that would
			// do, which makes 4.9E-324 of Python's 5e-324
			BigDecimal rounded = number.round(new MathContext(1)).stripTrailingZeros();
			number = (rounded.doubleValue() == value) ? rounded : number;
		}
		String digits = number.unscaledValue().toString();
		int exponent = digits.length() - 1 - number.scale();
		if (exponent < -4 || exponent > 15) {
			return digits.charAt(0) + ((digits.length() > 1) ? "." + digits.substring(1) : "")
					+ String.format(Locale.ROOT, "e%+03d", exponent);
		}
		return number.toPlainString() + ((number.scale() > 0) ? "" : ".0");
	}

	/**
	 * Python's text of some characters, as its {@code ascii} gives it: {@code repr} with
	 * everything beyond ASCII escaped.
	 * @param text any characters, unpaired surrogates included
	 * @return for instance {@code 'ab\n'}, {@code "it's"}, {@code '\u20ac'}
	 */
	public static String ofText(CharSequence text) {
		String string = text.toString();
		char quote = (string.indexOf('\'') >= 0 && string.indexOf('"') < 0) ? '"' : '\'';
		StringBuilder repr = new StringBuilder(string.length() + 2).append(quote);
		string.codePoints().forEach((character) -> {
			if (character < 0x100) {
				append(repr, character, quote);
			}
			else if (character < 0x10000) {
				repr.append("\\u").append(HEX.toHexDigits((char) character));
			}
			else {
				repr.append("\\U").append(HEX.toHexDigits(character, 8));
			}
		});
		return repr.append(quote).toString();
	}

	/**
	 * Python's text of bytes.
	 * @param bytes all of them are written
	 * @return for instance {@code b'data\n'}, {@code b'\x00\xff'}, {@code b"it's"}
	 */
	public static String ofBytes(byte[] bytes) {
		return ofBytesCut(ByteBuffer.wrap(bytes), bytes.length);
	}

	/**
	 * Python's text of the bytes that remain in a buffer, cut after the first few of
	 * many.
	 * @param buffer read from its position to its limit, neither of which is moved
	 * @param max how many of them to write at most, 0 or more
	 * @return as {@link #ofBytes(byte[])} when that is all of them, otherwise the text of
	 * the first ones and the full length, {@code b'aaaa'... (1024 bytes)}
	 */
	public static String ofBytesCut(ByteBuffer buffer, int max) {
		return ofBytesCut(buffer, buffer.position(), buffer.remaining(), max);
	}

	/**
	 * Python's text of a range of a buffer, cut after the first few bytes of many.
	 * @param buffer read without regard to its position, which is not moved
	 * @param index of the first byte, from the start of the buffer
	 * @param length of the range in bytes
	 * @param max how many of them to write at most, 0 or more
	 * @return as {@link #ofBytesCut(ByteBuffer, int)}
	 * @throws IndexOutOfBoundsException when the range is not within the buffer's limit
	 * @throws IllegalArgumentException when {@code max} is below 0
	 */
	public static String ofBytesCut(ByteBuffer buffer, int index, int length, int max) {
		Objects.checkFromIndexSize(index, length, buffer.limit());
		if (max < 0) {
			throw new IllegalArgumentException("cannot write " + max + " bytes");
		}
		int end = index + Math.min(length, max);
		boolean single = false;
		boolean dual = false;
		for (int i = index; i < end; i++) {
			byte value = buffer.get(i);
			single |= value == '\'';
			dual |= value == '"';
		}
		char quote = (single && !dual) ? '"' : '\'';
		StringBuilder repr = new StringBuilder(end - index + 3).append('b').append(quote);
		for (int i = index; i < end; i++) {
			append(repr, buffer.get(i) & 0xff, quote);
		}
		repr.append(quote);
		if (length > max) {
			repr.append("... (").append(length).append((length == 1) ? " byte)" : " bytes)");
		}
		return repr.toString();
	}

	private static void append(StringBuilder repr, int character, char quote) {
		switch (character) {
			case '\t' -> repr.append("\\t");
			case '\n' -> repr.append("\\n");
			case '\r' -> repr.append("\\r");
			default -> {
				if (character < ' ' || character > '~') {
					repr.append("\\x").append(HEX.toHexDigits((byte) character));
				}
				else {
					repr.append((character == '\\' || character == quote) ? "\\" : "").append((char) character);
				}
			}
		}
	}

}
