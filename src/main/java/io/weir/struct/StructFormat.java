package io.weir.struct;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * A record of bytes described in the format language of Python's {@code struct} module:
 * reads such records into values and writes values as such records.
 * <p>
 * The whole language of CPython 3.11 is understood, and what CPython refuses is refused.
 * A format is an optional prefix, {@code @ = < > !}, which must be the very first
 * character, and items with white space between them if wanted. An item is a code,
 * optionally after a repeat count: {@code x c b B ? h H i I l L q Q n N e f d s p P}.
 * Without a prefix, and with {@code @}, sizes and padding are those of C on 64-bit Linux
 * in little-endian order, and only then there are {@code n N P}; as in C the padding goes
 * before an item, so that a record ends unpadded unless a count of 0 ({@code 0q}) asks
 * for it.
 * <p>
 * Values in Java, in the order of the items:
 * <ul>
 * <li>integers ({@code b B h H i I l L q Q n N P}): {@link Long}, or
 * {@link java.math.BigInteger} above {@link Long#MAX_VALUE}
 * <li>{@code ?}: {@link Boolean}
 * <li>{@code e f d}: {@link Double}
 * <li>{@code c s p}: {@code byte[]}, for {@code c} of length 1, for {@code s} of the
 * length that its count says
 * <li>{@code x}: none
 * </ul>
 * The differences from CPython: a record is at most {@link Integer#MAX_VALUE} bytes long,
 * because a Java array is; and an item {@code 0p} is no bytes both ways, where CPython
 * 3.11 fails with a {@code SystemError} when it reads one, and writes a stray byte after
 * it when it writes one.
 * <p>
 * A format does not change once parsed; any number of threads may use it at once.
 *
 * @see <a href="https://docs.python.org/3.11/library/struct.html#format-strings">Python
 * 3.11, struct: Format Strings</a>
 */
public final class StructFormat {

	private final String format;

	private final boolean nativeMode;

	private final ByteOrder order;

	private final Item[] items;

	private final int size;

	/** May be more than the size: each {@code 0s} is a value of no bytes. */
	private final long valueCount;

	private StructFormat(String format, boolean nativeMode, ByteOrder order, Item[] items, int size, long valueCount) {
		this.format = format;
		this.nativeMode = nativeMode;
		this.order = order;
		this.items = items;
		this.size = size;
		this.valueCount = valueCount;
	}

	/**
	 * Reads a format.
	 * @param format the text, for instance {@code ! I 2s Q 2h f}; it may be empty, and is
	 * then the format of a record of no bytes
	 * @return the format, to be kept: reading it is the slow part
	 * @throws StructFormatException when the text is not a format, or the record would be
	 * longer than {@link Integer#MAX_VALUE} bytes
	 */
	public static StructFormat parse(String format) {
		boolean nativeMode = true;
		ByteOrder order = ByteOrder.LITTLE_ENDIAN;
		int next = 0;
		if (!format.isEmpty() && isPrefix(format.charAt(0))) {
			char prefix = format.charAt(next++);
			nativeMode = prefix == '@';
			order = (prefix == '>' || prefix == '!') ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
		}
		List<Item> items = new ArrayList<>();
		// Longs, so that one count too many shows as a large number and not as a negative
		long size = 0;
		long valueCount = 0;
		while (next < format.length()) {
			if (isSpace(format.charAt(next))) {
				next++;
				continue;
			}
			int start = next;
			long count = 0;
			while (next < format.length() && isDigit(format.charAt(next))) {
				count = count * 10 + format.charAt(next++) - '0';
				checkLimit(count, format, start);
			}
			boolean counted = next > start;
			StructCode code = codeAt(format, next, counted, nativeMode);
			if (!counted) {
				count = 1;
			}
			int width = code.size(nativeMode);
			if (nativeMode) {
				size = (size + width - 1) / width * width;
			}
			if (code.hasValue()) {
				int values = code.isString() ? 1 : (int) count;
				if (values > 0) {
					// Never cut: the offset is that of a total that was checked, or is
					// checked below
					items.add(new Item(code, next, (int) size, code.isString() ? (int) count : width, values));
				}
				valueCount += values;
			}
			size += count * width;
			checkLimit(size, format, start);
			next++;
		}
		return new StructFormat(format, nativeMode, order, items.toArray(Item[]::new), (int) size, valueCount);
	}

	private static StructCode codeAt(String format, int position, boolean counted, boolean nativeMode) {
		if (position == format.length()) {
			throw StructFormatException.bad(format, position, "repeat count without a code");
		}
		int character = format.codePointAt(position);
		StructCode code = StructCode.of(character);
		if (code == null) {
			throw StructFormatException.bad(format, position, whyNoCode(character, counted));
		}
		if (code.size(nativeMode) == 0) {
			throw StructFormatException.bad(format, position,
					quoted(character) + " is for native mode only, which has the prefix '@' or none");
		}
		return code;
	}

	private static String whyNoCode(int character, boolean counted) {
		if (character > 0x7f) {
			return quoted(character) + " is not ASCII";
		}
		if (character == 0) {
			return "embedded null character";
		}
		if (counted && isSpace(character)) {
			return "white space between a repeat count and its code";
		}
		if (isPrefix(character)) {
			return "prefix " + quoted(character) + " is not the first character";
		}
		return "unknown code " + quoted(character);
	}

	private static void checkLimit(long number, String format, int position) {
		if (number > Integer.MAX_VALUE) {
			throw StructFormatException.bad(format, position,
					"total struct size too long: more than " + Integer.MAX_VALUE + " bytes");
		}
	}

	private static boolean isPrefix(int character) {
		return character == '@' || character == '=' || character == '<' || character == '>' || character == '!';
	}

	/**
	 * Tells white space as C's {@code isspace} does, which is not what Java's methods of
	 * that name do.
	 * @param character any character
	 * @return whether it may stand between items
	 */
	private static boolean isSpace(int character) {
		return character == ' ' || (character >= '\t' && character <= '\r');
	}

	private static boolean isDigit(int character) {
		return character >= '0' && character <= '9';
	}

	private static String quoted(int character) {
		return PythonRepr.ofText(Character.toString(character));
	}

	/**
	 * The text that was parsed.
	 * @return the text, unchanged
	 */
	public String format() {
		return this.format;
	}

	/**
	 * The length of a record.
	 * @return the number of bytes, 0 or more
	 */
	public int size() {
		return this.size;
	}

	/**
	 * How many values a record has.
	 * @return the length of the list that {@link #unpack(byte[])} gives
	 */
	public long valueCount() {
		return this.valueCount;
	}

	/**
	 * Whether a value is a {@code byte[]}.
	 * @param index which value, from 0
	 * @return {@code true} for {@code c}, {@code s} and {@code p}
	 * @throws IndexOutOfBoundsException when there is no such value
	 */
	public boolean isBytes(long index) {
		Objects.checkIndex(index, this.valueCount);
		long left = index;
		for (Item item : this.items) {
			if (left < item.count) {
				return item.code.isBytes();
			}
			left -= item.count;
		}
		throw new IllegalStateException("items have fewer values than they count");
	}

	/**
	 * Reads a record.
	 * @param record exactly {@link #size()} bytes; the values share nothing with it
	 * @return the values as the class describes them; the list cannot be changed
	 * @throws StructFormatException when the array has another length
	 */
	public List<Object> unpack(byte[] record) {
		return unpack(ByteBuffer.wrap(record));
	}

	/**
	 * Reads a record from between a buffer's position and its limit.
	 * <p>
	 * The buffer is not consumed: its position, limit, mark and byte order stay what they
	 * were, and its byte order has no effect, since the format has its own. It may be
	 * direct or read-only.
	 * @param record a buffer of which exactly {@link #size()} bytes remain; the values
	 * share nothing with it
	 * @return the values as the class describes them; the list cannot be changed
	 * @throws StructFormatException when fewer or more bytes remain
	 */
	public List<Object> unpack(ByteBuffer record) {
		if (record.remaining() != this.size) {
			throw StructFormatException.refused(this.format,
					"unpack requires " + this.size + " bytes, not " + record.remaining());
		}
		boolean swap = record.order() != this.order;
		int start = record.position();
		Object[] values = new Object[Math.toIntExact(this.valueCount)];
		int next = 0;
		for (Item item : this.items) {
			int index = start + item.offset;
			for (int i = 0; i < item.count; i++) {
				values[next++] = item.code.read(record, index, item.width, swap);
				index += item.width;
			}
		}
		return Collections.unmodifiableList(Arrays.asList(values));
	}

	/**
	 * Writes a record.
	 * <p>
	 * What a code takes: an integer code any whole {@link Number} in its range (a
	 * {@link Double} is refused even when it has no fraction) and a {@link Boolean} as 0
	 * or 1; {@code e f d} any {@link Number}, rounded half to even, and a
	 * {@link Boolean}; {@code ?} anything that is true or false in Python (numbers,
	 * {@code byte[]}, text, collections, {@code null} for {@code None}), not zero and not
	 * empty being true; {@code c} a {@code byte[]} of length 1; {@code s} and {@code p} a
	 * {@code byte[]}, which is cut or padded with zeros to the item's length. {@code P}
	 * also takes negative numbers, as an address that has its highest bit set. A finite
	 * value beyond what {@code e} holds is refused, and beyond what {@code f} holds too
	 * unless in native mode, where CPython makes an infinity of it.
	 * @param values one for each value that {@link #unpack(byte[])} would give
	 * @return {@link #size()} bytes; padding is zero
	 * @throws StructFormatException when there are too few or too many values, or one is
	 * of the wrong class or out of range
	 */
	public byte[] pack(@Nullable Object... values) {
		if (values.length != this.valueCount) {
			throw StructFormatException.refused(this.format,
					"pack requires " + this.valueCount + " values, not " + values.length);
		}
		byte[] record = new byte[this.size];
		ByteBuffer buffer = ByteBuffer.wrap(record).order(this.order);
		int next = 0;
		for (Item item : this.items) {
			int index = item.offset;
			for (int i = 0; i < item.count; i++) {
				try {
					item.code.write(buffer, index, item.width, this.nativeMode, values[next]);
				}
				catch (IllegalArgumentException ex) {
					throw StructFormatException.refused(this.format, item.position, next,
							String.valueOf(ex.getMessage()));
				}
				next++;
				index += item.width;
			}
		}
		return record;
	}

	/**
	 * Python's text of a record's values: what {@code print(struct.unpack(...))} shows.
	 * @param values such as {@link #unpack(byte[])} gives
	 * @return for instance {@code (7, b'ab', 0.5)}
	 * @throws IllegalArgumentException when a value is of a class that has no counterpart
	 * in Python
	 * @see PythonRepr#ofTuple(List)
	 */
	public static String repr(List<? extends @Nullable Object> values) {
		return PythonRepr.ofTuple(values);
	}

	/**
	 * The format's text.
	 * @return as {@link #format()}
	 */
	@Override
	public String toString() {
		return this.format;
	}

	/**
	 * One code with its count, laid out.
	 *
	 * @param code what it is
	 * @param position where in the text the code's letter stands
	 * @param offset of its first value from the start of the record, in bytes
	 * @param width of each value, in bytes
	 * @param count how many values, one after the other; at least 1
	 */
	private record Item(StructCode code, int position, int offset, int width, int count) {
	}

}
