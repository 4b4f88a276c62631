package io.weir.records;

import java.util.Arrays;

/**
 * Lines of text one after the other in an array of bytes that grows. Not safe for several
 * threads at once.
 */
final class Lines {

	private static final int INITIAL = 64 << 10;

	private byte[] bytes = new byte[INITIAL];

	private int size;

	private int count;

	byte[] bytes() {
		return this.bytes;
	}

	/**
	 * How many bytes there are.
	 */
	int size() {
		return this.size;
	}

	/**
	 * How many lines there are.
	 */
	int count() {
		return this.count;
	}

	/**
	 * How many lines end in a range.
	 * @param from its first byte
	 * @param to the byte after its last
	 */
	int count(int from, int to) {
		int ends = 0;
		for (int i = from; i < to; i++) {
			if (this.bytes[i] == '\n') {
				ends++;
			}
		}
		return ends;
	}

	/**
	 * Forgets all lines, and the memory that only a long line needed.
	 * @param usual how many bytes are needed usually
	 */
	void clear(int usual) {
		this.size = 0;
		this.count = 0;
		if (this.bytes.length > 2 * usual) {
			this.bytes = new byte[INITIAL];
		}
	}

	/**
	 * Takes back what was put after a line's end.
	 * @param to the size at that end
	 */
	void truncate(int to) {
		this.size = to;
	}

	void endLine() {
		put((byte) '\n');
		this.count++;
	}

	void put(byte one) {
		ensure(1);
		this.bytes[this.size++] = one;
	}

	void put(byte[] many) {
		put(many, many.length);
	}

	void put(byte[] many, int length) {
		ensure(length);
		System.arraycopy(many, 0, this.bytes, this.size, length);
		this.size += length;
	}

	/**
	 * Puts text that has ASCII characters only.
	 */
	@SuppressWarnings("deprecation") // Copies the low bytes, which are all there is
	void putAscii(String text) {
		int length = text.length();
		ensure(length);
		text.getBytes(0, length, this.bytes, this.size);
		this.size += length;
	}

	/**
	 * Puts a number in decimal digits.
	 */
	void put(long number) {
		if (number < 0) {
			put((byte) '-');
		}
		// The least number has no positive counterpart
		long negative = (number < 0) ? number : -number;
		int digits = digits(negative);
		ensure(digits);
		putDigits(negative, digits);
	}

	/**
	 * Puts a number with zeros before it.
	 * @param number 0 or more
	 * @param digits how many digits; more are cut
	 */
	void putPadded(long number, int digits) {
		ensure(digits);
		putDigits(-number, digits);
	}

	private void putDigits(long negative, int digits) {
		long left = negative;
		for (int i = this.size + digits - 1; i >= this.size; i--) {
			this.bytes[i] = (byte) ('0' - left % 10);
			left /= 10;
		}
		this.size += digits;
	}

	private static int digits(long negative) {
		int digits = 1;
		for (long left = negative / 10; left < 0; left /= 10) {
			digits++;
		}
		return digits;
	}

	private void ensure(int more) {
		if (more > this.bytes.length - this.size) {
			this.bytes = Arrays.copyOf(this.bytes, newLength(more));
		}
	}

	private int newLength(int more) {
		long needed = (long) this.size + more;
		if (needed > Integer.MAX_VALUE - 8) {
			throw new OutOfMemoryError("lines of " + needed + " bytes");
		}
		return (int) Math.max(needed, Math.min(2L * this.bytes.length, Integer.MAX_VALUE - 8));
	}

}
