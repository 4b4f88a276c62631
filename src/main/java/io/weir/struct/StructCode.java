package io.weir.struct;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * One code of the format language: how wide it is, what it reads and what it writes.
 * <p>
 * Native sizes are those of C on 64-bit Linux (x86-64 and aarch64 agree), where every
 * type is aligned to its own size.
 *
 * @see <a href=
 * "https://docs.python.org/3.11/library/struct.html#format-characters">Python 3.11,
 * struct: Format Characters</a>
 */
enum StructCode {

	/** Padding: no value, written as zero bytes. */
	PAD('x', Kind.PAD, 1, 1),

	/** A {@code byte[]} of length 1. */
	CHAR('c', Kind.CHAR, 1, 1),

	/** C's {@code signed char}. */
	SIGNED_CHAR('b', Kind.SIGNED, 1, 1),

	/** C's {@code unsigned char}. */
	UNSIGNED_CHAR('B', Kind.UNSIGNED, 1, 1),

	/** C's {@code _Bool}: any byte but 0 is true. */
	BOOL('?', Kind.BOOL, 1, 1),

	/** C's {@code short}. */
	SHORT('h', Kind.SIGNED, 2, 2),

	/** C's {@code unsigned short}. */
	UNSIGNED_SHORT('H', Kind.UNSIGNED, 2, 2),

	/** C's {@code int}. */
	INT('i', Kind.SIGNED, 4, 4),

	/** C's {@code unsigned int}. */
	UNSIGNED_INT('I', Kind.UNSIGNED, 4, 4),

	/** C's {@code long}. */
	LONG('l', Kind.SIGNED, 8, 4),

	/** C's {@code unsigned long}. */
	UNSIGNED_LONG('L', Kind.UNSIGNED, 8, 4),

	/** C's {@code long long}. */
	LONG_LONG('q', Kind.SIGNED, 8, 8),

	/** C's {@code unsigned long long}. */
	UNSIGNED_LONG_LONG('Q', Kind.UNSIGNED, 8, 8),

	/** C's {@code ssize_t}. */
	SSIZE('n', Kind.SIGNED, 8, 0),

	/** C's {@code size_t}. */
	SIZE('N', Kind.UNSIGNED, 8, 0),

	/** IEEE 754 binary16. */
	HALF('e', Kind.FLOAT, 2, 2),

	/** IEEE 754 binary32. */
	FLOAT('f', Kind.FLOAT, 4, 4),

	/** IEEE 754 binary64. */
	DOUBLE('d', Kind.FLOAT, 8, 8),

	/** Bytes; the repeat count is their number. */
	BYTES('s', Kind.BYTES, 1, 1),

	/** A Pascal string: a length byte, then up to 255 bytes; the count includes both. */
	PASCAL('p', Kind.PASCAL, 1, 1),

	/** C's {@code void *}: unsigned when read, signed or unsigned when written. */
	POINTER('P', Kind.POINTER, 8, 0);

	private static final @Nullable StructCode[] BY_LETTER = new @Nullable StructCode[128];

	static {
		for (StructCode code : values()) {
			BY_LETTER[code.letter] = code;
		}
	}

	private final char letter;

	private final Kind kind;

	private final int nativeSize;

	private final int standardSize;

	StructCode(char letter, Kind kind, int nativeSize, int standardSize) {
		this.letter = letter;
		this.kind = kind;
		this.nativeSize = nativeSize;
		this.standardSize = standardSize;
	}

	/**
	 * Finds a code by its letter.
	 * @param letter any character
	 * @return the code, or {@code null} when there is none
	 */
	static @Nullable StructCode of(int letter) {
		return (letter >= 0 && letter < BY_LETTER.length) ? BY_LETTER[letter] : null;
	}

	/**
	 * The width of one item.
	 * @param nativeMode whether C's sizes apply rather than the standard ones
	 * @return the width in bytes, or 0 when there is no such code in that mode
	 */
	int size(boolean nativeMode) {
		return nativeMode ? this.nativeSize : this.standardSize;
	}

	/**
	 * Whether items have values; padding has none.
	 * @return {@code false} for {@code x}
	 */
	boolean hasValue() {
		return this.kind != Kind.PAD;
	}

	/**
	 * Whether values are {@code byte[]}.
	 * @return {@code true} for {@code c}, {@code s} and {@code p}
	 */
	boolean isBytes() {
		return this.kind == Kind.CHAR || isString();
	}

	/**
	 * Whether the repeat count is the width of a single item.
	 * @return {@code true} for {@code s} and {@code p}
	 */
	boolean isString() {
		return this.kind == Kind.BYTES || this.kind == Kind.PASCAL;
	}

	/**
	 * Reads one value.
	 * @param buffer to read from; its position does not matter and does not move
	 * @param index of the first byte
	 * @param size how many bytes
	 * @param swap whether the buffer's byte order is not the format's
	 * @return a {@link Long}, {@link BigInteger}, {@link Boolean}, {@link Double} or
	 * {@code byte[]}
	 */
	Object read(ByteBuffer buffer, int index, int size, boolean swap) {
		return switch (this.kind) {
			case SIGNED -> getSigned(buffer, index, size, swap);
			case UNSIGNED, POINTER -> {
				long bits = getSigned(buffer, index, size, swap);
				if (size < Long.BYTES) {
					yield bits & ((1L << (size * Byte.SIZE)) - 1);
				}
				if (bits < 0) {
					yield BigInteger.valueOf(bits & Long.MAX_VALUE).setBit(Long.SIZE - 1);
				}
				yield bits;
			}
			case BOOL -> buffer.get(index) != 0;
			case FLOAT -> switch (size) {
				case Short.BYTES -> FloatBits.halfToDouble((short) getSigned(buffer, index, size, swap));
				case Integer.BYTES -> FloatBits.floatToDouble((int) getSigned(buffer, index, size, swap));
				default -> Double.longBitsToDouble(getSigned(buffer, index, size, swap));
			};
			case CHAR, BYTES -> getBytes(buffer, index, size);
			case PASCAL ->
				(size == 0) ? new byte[0] : getBytes(buffer, index + 1, Math.min(buffer.get(index) & 0xff, size - 1));
			case PAD -> throw new IllegalStateException("padding has no value");
		};
	}

	/**
	 * Writes one value.
	 * @param buffer to write to, in the format's byte order and all zero; its position
	 * does not matter and does not move
	 * @param index of the first byte
	 * @param size how many bytes
	 * @param nativeMode whether C's conversions apply rather than the standard ones
	 * @param value what to write
	 * @throws IllegalArgumentException when the value is of a wrong class or out of
	 * range; the message is the reason
	 */
	void write(ByteBuffer buffer, int index, int size, boolean nativeMode, @Nullable Object value) {
		switch (this.kind) {
			case SIGNED, UNSIGNED, POINTER -> put(buffer, index, size, integer(value, size));
			case BOOL -> buffer.put(index, (byte) (truth(value) ? 1 : 0));
			case FLOAT -> put(buffer, index, size, floating(value, size, nativeMode));
			case CHAR -> {
				if (!(value instanceof byte[] bytes && bytes.length == 1)) {
					throw new IllegalArgumentException("'c' requires a byte[] of length 1, not " + describe(value));
				}
				buffer.put(index, bytes);
			}
			case BYTES -> {
				byte[] bytes = bytes(value);
				buffer.put(index, bytes, 0, Math.min(bytes.length, size));
			}
			case PASCAL -> {
				byte[] bytes = bytes(value);
				if (size > 0) {
					// CPython fills the item even beyond the 255 bytes that a length byte
					// can tell
					int length = Math.min(bytes.length, size - 1);
					buffer.put(index, (byte) Math.min(length, 255));
					buffer.put(index + 1, bytes, 0, length);
				}
			}
			case PAD -> throw new IllegalStateException("padding has no value");
		}
	}

	private static long getSigned(ByteBuffer buffer, int index, int size, boolean swap) {
		return switch (size) {
			case Byte.BYTES -> buffer.get(index);
			case Short.BYTES -> {
				short bits = buffer.getShort(index);
				yield swap ? Short.reverseBytes(bits) : bits;
			}
			case Integer.BYTES -> {
				int bits = buffer.getInt(index);
				yield swap ? Integer.reverseBytes(bits) : bits;
			}
			default -> {
				long bits = buffer.getLong(index);
				yield swap ? Long.reverseBytes(bits) : bits;
			}
		};
	}

	private static byte[] getBytes(ByteBuffer buffer, int index, int length) {
		byte[] bytes = new byte[length];
		buffer.get(index, bytes);
		return bytes;
	}

	private static void put(ByteBuffer buffer, int index, int size, long bits) {
		switch (size) {
			case Byte.BYTES -> buffer.put(index, (byte) bits);
			case Short.BYTES -> buffer.putShort(index, (short) bits);
			case Integer.BYTES -> buffer.putInt(index, (int) bits);
			default -> buffer.putLong(index, bits);
		}
	}

	private long integer(@Nullable Object value, int size) {
		return switch (value) {
			case Boolean bool -> bool ? 1 : 0;
			case Long number -> inRange(number, size);
			case Integer number -> inRange(number, size);
			case Short number -> inRange(number, size);
			case Byte number -> inRange(number, size);
			case AtomicLong number -> inRange(number.get(), size);
			case AtomicInteger number -> inRange(number.get(), size);
			case BigInteger number -> {
				if (number.bitLength() < Long.SIZE) {
					yield inRange(number.longValue(), size);
				}
				if (this.kind == Kind.SIGNED || size < Long.BYTES || number.signum() < 0
						|| number.bitLength() > Long.SIZE) {
					throw outOfRange(number, size);
				}
				yield number.longValue();
			}
			case null, default ->
				throw new IllegalArgumentException("'" + this.letter + "' requires an integer, not " + describe(value));
		};
	}

	private long inRange(long number, int size) {
		int spare = Long.SIZE - size * Byte.SIZE;
		boolean fits = switch (this.kind) {
			case SIGNED -> number << spare >> spare == number;
			case UNSIGNED -> number >= 0 && number << spare >>> spare == number;
			default -> true;
		};
		if (!fits) {
			throw outOfRange(number, size);
		}
		return number;
	}

	private IllegalArgumentException outOfRange(Number number, int size) {
		BigInteger span = BigInteger.ONE.shiftLeft(size * Byte.SIZE);
		BigInteger half = span.shiftRight(1);
		BigInteger min = (this.kind == Kind.UNSIGNED) ? BigInteger.ZERO : half.negate();
		BigInteger max = ((this.kind == Kind.SIGNED) ? half : span).subtract(BigInteger.ONE);
		return new IllegalArgumentException(
				"'" + this.letter + "' requires " + min + " <= number <= " + max + ", not " + describe(number));
	}

	private long floating(@Nullable Object value, int size, boolean nativeMode) {
		double number = switch (value) {
			case Boolean bool -> bool ? 1 : 0;
			case Number any -> any.doubleValue();
			case null, default ->
				throw new IllegalArgumentException("'" + this.letter + "' requires a number, not " + describe(value));
		};
		if (Double.isInfinite(number) && (value instanceof BigInteger || value instanceof BigDecimal)) {
			throw new IllegalArgumentException("number too large for '" + this.letter + "': " + describe(value));
		}
		boolean infinite = Double.isInfinite(number);
		return switch (size) {
			case Short.BYTES -> {
				short bits = FloatBits.doubleToHalf(number);
				if (!infinite && Float.isInfinite(Float.float16ToFloat(bits))) {
					throw tooLarge(number);
				}
				yield bits;
			}
			case Integer.BYTES -> {
				int bits = FloatBits.doubleToFloat(number);
				// In native mode CPython 3.11 leaves the conversion to C, which makes an
				// infinity of what is too large
				if (!infinite && !nativeMode && Float.isInfinite(Float.intBitsToFloat(bits))) {
					throw tooLarge(number);
				}
				yield bits;
			}
			default -> Double.doubleToRawLongBits(number);
		};
	}

	private IllegalArgumentException tooLarge(double number) {
		return new IllegalArgumentException(
				"float too large to pack with " + this.letter + " format: " + PythonRepr.ofDouble(number));
	}

	private byte[] bytes(@Nullable Object value) {
		if (value instanceof byte[] bytes) {
			return bytes;
		}
		throw new IllegalArgumentException("'" + this.letter + "' requires a byte[], not " + describe(value));
	}

	/**
	 * Python's truth of a value: what is zero, empty or nothing is false.
	 * @param value to judge
	 * @return whether Python takes its counterpart for true
	 */
	private static boolean truth(@Nullable Object value) {
		return switch (value) {
			case null -> false;
			case Boolean bool -> bool;
			case BigInteger number -> number.signum() != 0;
			case BigDecimal number -> number.signum() != 0;
			case Long number -> number != 0;
			// Not a number is not zero, so it is true here as in Python
			case Number number -> number.doubleValue() != 0;
			case byte[] bytes -> bytes.length > 0;
			case CharSequence text -> !text.isEmpty();
			case Collection<?> items -> !items.isEmpty();
			default -> throw new IllegalArgumentException(
					"'?' requires a value that is true or false in Python, not " + describe(value));
		};
	}

	private static String describe(@Nullable Object value) {
		return switch (value) {
			case null -> "null";
			case Boolean bool -> bool.toString();
			// Longer than any number that fits: its digits would only fill the log
			case BigInteger number when number.bitLength() > 128 -> "a number of " + number.bitLength() + " bits";
			case BigDecimal number -> "a BigDecimal of " + number.precision() + " digits";
			case Number number -> number.toString();
			case byte[] bytes -> "a byte[] of length " + bytes.length;
			default -> "a " + value.getClass().getName();
		};
	}

	/**
	 * What codes have in common beyond their width.
	 */
	private enum Kind {

		PAD, CHAR, SIGNED, UNSIGNED, POINTER, BOOL, FLOAT, BYTES, PASCAL

	}

}
