package io.weir.struct;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

/**
 * Tests of {@link StructFormat} beyond the vectors: what only Java has.
 */
class StructFormatTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '~', ignoreLeadingAndTrailingWhitespace = false, textBlock = """
			! I 2z|5|unknown code 'z'
			z|0|unknown code 'z'
			3|1|repeat count without a code
			i 12|4|repeat count without a code
			3 i|1|white space between a repeat count and its code
			i <i|2|prefix '<' is not the first character
			 @i|1|prefix '@' is not the first character
			!n|1|'n' is for native mode only, which has the prefix '@' or none
			=2P|2|'P' is for native mode only, which has the prefix '@' or none
			ié|1|'\\xe9' is not ASCII
			i😀|1|'\\U0001f600' is not ASCII
			-1i|0|unknown code '-'
			b 2147483647h|2|total struct size too long: more than 2147483647 bytes
			i 99999999999999999999i|2|total struct size too long: more than 2147483647 bytes
			2147483647b0h|11|total struct size too long: more than 2147483647 bytes
			""")
	void whenTheFormatIsBadThenTextPositionAndReasonAreNamed(String format, int position, String reason) {
		assertThatExceptionOfType(StructFormatException.class).isThrownBy(() -> StructFormat.parse(format))
			.withMessage("bad struct format " + PythonRepr.ofText(format) + ": position " + position + ": " + reason)
			.satisfies((ex) -> assertThat(ex.format()).isEqualTo(format))
			.satisfies((ex) -> assertThat(ex.position()).isEqualTo(position));
	}

	@Test
	void whenTheFormatHasANullCharacterThenItIsNamedAndEscaped() {
		assertThatExceptionOfType(StructFormatException.class).isThrownBy(() -> StructFormat.parse("i\0"))
			.withMessage("bad struct format 'i\\x00': position 1: embedded null character");
	}

	@Test
	void whenTheFormatIsNullThenItIsRefused() {
		assertThatNullPointerException().isThrownBy(() -> StructFormat.parse(nothing()));
	}

	@SuppressWarnings("NullAway")
	private static String nothing() {
		return null;
	}

	@Test
	void theLargestRecordIsAsLongAsTheLargestInt() {
		assertThat(StructFormat.parse("2147483647x").size()).isEqualTo(Integer.MAX_VALUE);
		assertThat(StructFormat.parse("2147483646xb0s0p").size()).isEqualTo(Integer.MAX_VALUE);
		assertThat(StructFormat.parse("2147483647b0s").size()).isEqualTo(Integer.MAX_VALUE);
	}

	@Test
	void textAndSizeAreTheFormats() {
		StructFormat format = StructFormat.parse("! I 2s Q 2h f");
		assertThat(format.format()).isEqualTo("! I 2s Q 2h f");
		assertThat(format).hasToString("! I 2s Q 2h f");
		assertThat(format.size()).isEqualTo(22);
	}

	@Test
	void whenPackedThenItUnpacksToTheSameValues() {
		StructFormat format = StructFormat.parse("! I 2s Q 2h f");
		byte[] record = format.pack(7, new byte[] { 'a', 'b' }, new BigInteger("ffffffffffffffff", 16), (short) -1,
				(byte) 2, 0.5f);
		assertThat(record).asHexString().isEqualTo("000000076162FFFFFFFFFFFFFFFFFFFF00023F000000");
		List<Object> values = format.unpack(record);
		assertThat(values).containsExactly(7L, new byte[] { 'a', 'b' }, new BigInteger("18446744073709551615"), -1L, 2L,
				0.5);
		assertThat(StructFormat.repr(values)).isEqualTo("(7, b'ab', 18446744073709551615, -1, 2, 0.5)");
	}

	@Test
	void unpackedValuesCannotBeChangedAndShareNothingWithTheRecord() {
		byte[] record = { 1, 'a', 'b' };
		List<Object> values = StructFormat.parse("<b2s").unpack(record);
		record[1] = 'z';
		assertThat((byte[]) values.get(1)).containsExactly('a', 'b');
		assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> values.set(0, 2L));
	}

	@Test
	void whenUnpackedThenTheBufferIsAsItWas() {
		ByteBuffer buffer = ByteBuffer.allocateDirect(10).order(ByteOrder.LITTLE_ENDIAN);
		buffer.put(3, new byte[] { 0, 0, 1, 2 }).position(1).mark().position(3).limit(7);
		assertThat(StructFormat.parse("!I").unpack(buffer)).containsExactly(0x102L);
		assertThat(buffer.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
		assertThat(buffer.limit()).isEqualTo(7);
		assertThat(buffer.position()).isEqualTo(3);
		assertThat(buffer.reset().position()).isEqualTo(1);
	}

	@Test
	void whenTheBufferHasAnotherSizeThenBothSizesAreNamed() {
		StructFormat format = StructFormat.parse("!I");
		assertThatExceptionOfType(StructFormatException.class).isThrownBy(() -> format.unpack(new byte[3]))
			.withMessage("struct format '!I': unpack requires 4 bytes, not 3")
			.satisfies((ex) -> assertThat(ex.position()).isEqualTo(-1));
		assertThatExceptionOfType(StructFormatException.class)
			.isThrownBy(() -> format.unpack(ByteBuffer.allocate(8).position(3)))
			.withMessage("struct format '!I': unpack requires 4 bytes, not 5");
	}

	@Test
	void whenThereAreTooFewOrTooManyValuesThenBothNumbersAreNamed() {
		StructFormat format = StructFormat.parse("2h x 3s");
		assertThatExceptionOfType(StructFormatException.class).isThrownBy(() -> format.pack(1, 2))
			.withMessage("struct format '2h x 3s': pack requires 3 values, not 2");
		assertThatExceptionOfType(StructFormatException.class).isThrownBy(() -> StructFormat.parse("").pack(1))
			.withMessage("struct format '': pack requires 0 values, not 1");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '~',
			textBlock = """
					<b|128|'b' requires -128 <= number <= 127, not 128
					<H|-1|'H' requires 0 <= number <= 65535, not -1
					<i|-2147483649|'i' requires -2147483648 <= number <= 2147483647, not -2147483649
					Q|-1|'Q' requires 0 <= number <= 18446744073709551615, not -1
					q|9223372036854775808|'q' requires -9223372036854775808 <= number <= 9223372036854775807, not 9223372036854775808
					P|18446744073709551616|'P' requires -9223372036854775808 <= number <= 18446744073709551615, not 18446744073709551616
					""")
	void whenAnIntegerIsOutOfRangeThenRangeAndValueAreNamed(String format, BigInteger value, String reason) {
		int position = format.length() - 1;
		assertThatExceptionOfType(StructFormatException.class).isThrownBy(() -> StructFormat.parse(format).pack(value))
			.withMessage("struct format '" + format + "': position " + position + ": value 0: " + reason)
			.satisfies((ex) -> assertThat(ex.position()).isEqualTo(position));
	}

	@Test
	void whenAValueIsRefusedThenItsNumberAndItsCodesPositionAreNamed() {
		assertRefused("! 2h 2s", "position 3: value 1: 'h' requires an integer, not 1.0", 1, 1.0, new byte[0]);
		assertRefused("! 2h 2s", "position 6: value 2: 's' requires a byte[], not a java.lang.String", 1, 2, "ab");
		assertRefused("p", "position 0: value 0: 'p' requires a byte[], not 3", 3);
		assertRefused("c", "position 0: value 0: 'c' requires a byte[] of length 1, not a byte[] of length 2",
				new byte[2]);
		assertRefused("?", "position 0: value 0: '?' requires a value that is true or false in Python,"
				+ " not a java.lang.Object", new Object());
		assertRefused("d", "position 0: value 0: 'd' requires a number, not a java.lang.String", "1");
		assertRefused("e", "position 0: value 0: float too large to pack with e format: 65520.0", 65520);
		assertRefused("!f", "position 1: value 0: float too large to pack with f format: -1e+39", -1e39);
		assertRefused("d", "position 0: value 0: number too large for 'd': a number of 1025 bits",
				BigInteger.TWO.pow(1024));
		assertRefused("d", "position 0: value 0: number too large for 'd': a BigDecimal of 1 digits",
				new BigDecimal("1e400"));
		assertRefused("i", "position 0: value 0: 'i' requires an integer, not a BigDecimal of 1 digits",
				BigDecimal.ONE);
		assertRefused("i", "position 0: value 0: 'i' requires an integer, not null", (Object) null);
	}

	private static void assertRefused(String format, String reason, @Nullable Object... values) {
		assertThatExceptionOfType(StructFormatException.class).isThrownBy(() -> StructFormat.parse(format).pack(values))
			.withMessage("struct format '" + format + "': " + reason);
	}

	@Test
	void anyWholeNumberIsPackedByAnIntegerCode() {
		StructFormat format = StructFormat.parse("!h");
		for (Object number : List.of((byte) 5, (short) 5, 5, 5L, BigInteger.valueOf(5), new AtomicInteger(5),
				new AtomicLong(5))) {
			assertThat(format.pack(number)).containsExactly(0, 5);
		}
		assertThat(StructFormat.parse("!2B").pack(true, false)).containsExactly(1, 0);
	}

	@Test
	void anyNumberIsPackedByAFloatingPointCode() {
		StructFormat format = StructFormat.parse("!f");
		for (Object number : List.of((byte) 1, 1, 1L, 1f, 1.0, BigInteger.ONE, BigDecimal.ONE, true)) {
			assertThat(format.pack(number)).containsExactly(0x3f, 0x80, 0, 0);
		}
	}

	@Test
	void truthIsThatOfPython() {
		StructFormat format = StructFormat.parse("?");
		for (Object value : List.of(true, 7, Long.MIN_VALUE, 0.5, Double.NaN, Double.MIN_VALUE, BigInteger.TEN.pow(400),
				new BigDecimal("1e-400"), new byte[1], "a", List.of(0))) {
			assertThat(format.pack(value)).as("%s", value).containsExactly(1);
		}
		for (Object value : List.of(false, 0, 0L, 0.0, -0.0, BigInteger.ZERO, new BigDecimal("0.00"), new byte[0], "",
				List.of())) {
			assertThat(format.pack(value)).as("%s", value).containsExactly(0);
		}
		assertThat(format.pack((Object) null)).containsExactly(0);
	}

	@Test
	void whenTooLargeForAFloatInNativeModeThenItIsInfiniteAsInC() {
		assertThat(StructFormat.parse("f").unpack(StructFormat.parse("f").pack(-1e39)))
			.containsExactly(Double.NEGATIVE_INFINITY);
	}

	@Test
	void everyHalfIsReadAndWritten() {
		StructFormat format = StructFormat.parse("!e");
		for (int bits = 0; bits < 0x10000; bits++) {
			byte[] record = { (byte) (bits >> 8), (byte) bits };
			double value = (double) format.unpack(record).getFirst();
			assertThat(Double.compare(value, Float.float16ToFloat((short) bits))).isZero();
			if (!Double.isNaN(value)) {
				assertThat(format.pack(value)).isEqualTo(record);
			}
		}
	}

	@Test
	void whenHalfwayBetweenTwoHalvesThenTheEvenOneIsTaken() {
		StructFormat format = StructFormat.parse("!e");
		for (int bits = 0; bits < 0x7bff; bits++) {
			double low = Float.float16ToFloat((short) bits);
			double high = Float.float16ToFloat((short) (bits + 1));
			double middle = (low + high) / 2;
			assertHalf(format, middle, bits + (bits & 1));
			assertHalf(format, Math.nextUp(middle), bits + 1);
			assertHalf(format, Math.nextDown(middle), bits);
			assertHalf(format, -middle, 0x8000 + bits + (bits & 1));
		}
	}

	private static void assertHalf(StructFormat format, double value, int bits) {
		byte[] record = format.pack(value);
		assertThat((record[0] & 0xff) << 8 | (record[1] & 0xff)).as("%s", value).isEqualTo(bits);
	}

	@Test
	void whenAValueHasNoCounterpartInPythonThenItHasNoText() {
		assertThatIllegalArgumentException().isThrownBy(() -> StructFormat.repr(List.of(new Object())))
			.withMessage("no Python text for a java.lang.Object");
	}

}
