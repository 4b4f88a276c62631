package io.weir.struct;

/**
 * Conversions between a double and the narrower IEEE 754 formats, bit for bit those of
 * CPython 3.11, NaN included.
 * <p>
 * Java leaves open what a cast does to the payload of a NaN, and has no cast between
 * double and binary16 that rounds only once; hence the work on bits.
 */
final class FloatBits {

	private static final int FLOAT_INFINITY = 0x7f800000;

	private static final int FLOAT_QUIET = 0x00400000;

	private static final long DOUBLE_INFINITY = 0x7ff0000000000000L;

	private static final long DOUBLE_QUIET = 0x0008000000000000L;

	/** The bits of a double's fraction that a float's does not have. */
	private static final int DOUBLE_MORE_FRACTION = 29;

	private static final int HALF_INFINITY = 0x7c00;

	private static final int HALF_NAN = 0x7e00;

	private FloatBits() {
	}

	/**
	 * Widens a binary16.
	 * @param bits its bits
	 * @return the same value; of a NaN only the sign is kept
	 */
	static double halfToDouble(short bits) {
		if ((bits & 0x7fff) > HALF_INFINITY) {
			return Double.longBitsToDouble(sign(bits < 0) | DOUBLE_INFINITY | DOUBLE_QUIET);
		}
		return Float.float16ToFloat(bits);
	}

	/**
	 * Narrows to a binary16, rounding half to even.
	 * @param value any double; of a NaN only the sign is kept
	 * @return the bits, those of an infinity when the value is too large
	 */
	static short doubleToHalf(double value) {
		int sign = (Double.doubleToRawLongBits(value) < 0) ? 0x8000 : 0;
		if (Double.isNaN(value)) {
			return (short) (sign | HALF_NAN);
		}
		double magnitude = Math.abs(value);
		if (magnitude >= 0x1p16) {
			return (short) (sign | HALF_INFINITY);
		}
		// The exponent of a half is at least -14: below, the fraction has fewer bits
		int exponent = Math.max(Math.getExponent(magnitude), -14);
		// In units of the last place, 1024 to a power of two. Powers of two multiply
		// exactly, so this rounds once. It may round up to the next power of two, or
		// from the largest half to infinity: the sum carries over
		int units = (int) Math.rint(magnitude * Math.scalb(1.0, 10 - exponent));
		return (short) (sign | (((exponent + 14) << 10) + units));
	}

	/**
	 * Widens a binary32.
	 * @param bits its bits
	 * @return the same value; a NaN keeps sign and payload and becomes a quiet one
	 */
	static double floatToDouble(int bits) {
		if ((bits & 0x7fffffff) > FLOAT_INFINITY) {
			long payload = (long) (bits & 0x007fffff) << DOUBLE_MORE_FRACTION;
			return Double.longBitsToDouble(sign(bits < 0) | DOUBLE_INFINITY | DOUBLE_QUIET | payload);
		}
		return Float.intBitsToFloat(bits);
	}

	/**
	 * Narrows to a binary32, rounding half to even.
	 * @param value any double; a NaN keeps its sign and the upper part of its payload and
	 * becomes a quiet one
	 * @return the bits, those of an infinity when the value is too large
	 */
	static int doubleToFloat(double value) {
		if (Double.isNaN(value)) {
			long bits = Double.doubleToRawLongBits(value);
			int payload = (int) (bits >>> DOUBLE_MORE_FRACTION) & 0x007fffff;
			return ((bits < 0) ? Integer.MIN_VALUE : 0) | FLOAT_INFINITY | FLOAT_QUIET | payload;
		}
		return Float.floatToRawIntBits((float) value);
	}

	private static long sign(boolean negative) {
		return negative ? Long.MIN_VALUE : 0;
	}

}
