package io.weir.bench.peer;

import java.nio.ByteBuffer;

/**
 * The recipe's record, {@code ! I 2s Q 2h f} in Python's words, unpacked by hand.
 *
 * @param number the {@code I}
 * @param text the {@code 2s} as a number
 * @param big the {@code Q}
 * @param first the first {@code h}
 * @param second the second {@code h}
 * @param real the {@code f}
 */
record RecipeRecord(long number, int text, long big, int first, int second, float real) {

	/**
	 * Bytes of a record.
	 */
	static final int SIZE = 22;

	/**
	 * Bytes that are echoed at most before a record comes.
	 */
	static final int CHUNK = 1024;

	/**
	 * Unpacks a record.
	 * @param buffer has one, in network byte order
	 */
	static RecipeRecord unpack(ByteBuffer buffer) {
		return new RecipeRecord(Integer.toUnsignedLong(buffer.getInt()), buffer.getShort(), buffer.getLong(),
				buffer.getShort(), buffer.getShort(), buffer.getFloat());
	}

	/**
	 * Looks at every value: the benchmark's clients make all but the first {@code h} from
	 * one number.
	 */
	void verify() {
		boolean expected = this.big == this.number && this.text == (short) this.number && this.first == 2
				&& this.second == (short) this.number && this.real == (float) this.number;
		if (!expected) {
			throw new IllegalStateException("Not what was sent: " + this);
		}
	}

}
