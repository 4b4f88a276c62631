package io.weir.struct;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests of {@link PythonRepr} beyond the vectors.
 */
class PythonReprTests {

	@ParameterizedTest
	@CsvSource({ "1e16, 1e+16", "9999999999999998, 9999999999999998.0", "1e-4, 0.0001", "1e-5, 1e-05",
			"1.5e-300, 1.5e-300", "1e100, 1e+100", "0.001, 0.001", "1234567.5, 1234567.5", "1e7, 10000000.0",
			"-0.0, -0.0", "Infinity, inf", "-Infinity, -inf", "NaN, nan", "4.9E-324, 5e-324", "9.9E-324, 1e-323" })
	void doublesAreWrittenAsPythonDoes(double value, String text) {
		assertThat(PythonRepr.ofDouble(value)).isEqualTo(text);
	}

	@Test
	void everyKindOfValueHasItsText() {
		assertThat(PythonRepr.ofTuple(Arrays.asList(null, true, false, 1, -2L, BigInteger.TEN, 0.1f, 1e16, "it's",
				"a\n".getBytes(StandardCharsets.US_ASCII))))
			.isEqualTo("(None, True, False, 1, -2, 10, 0.10000000149011612, 1e+16, \"it's\", b'a\\n')");
	}

	@Test
	void tuplesOfNoneAndOfOneAreWrittenAsPythonDoes() {
		assertThat(PythonRepr.ofTuple(List.of())).isEqualTo("()");
		assertThat(PythonRepr.ofTuple(List.of(1))).isEqualTo("(1,)");
	}

	@Test
	void whenBytesAreReadFromABufferThenItDoesNotMove() {
		ByteBuffer buffer = ByteBuffer.allocateDirect(8).put(new byte[] { 'x', 0, 0, 0, 1, 'a', 'b', 'x' });
		buffer.position(1).limit(7);
		assertThat(PythonRepr.ofBytesCut(buffer, 6)).isEqualTo("b'\\x00\\x00\\x00\\x01ab'");
		assertThat(PythonRepr.ofBytesCut(buffer, 5, 2, 2)).isEqualTo("b'ab'");
		assertThat(PythonRepr.ofBytesCut(buffer, 4)).isEqualTo("b'\\x00\\x00\\x00\\x01'... (6 bytes)");
		assertThat(PythonRepr.ofBytesCut(buffer, 5, 2, 1)).isEqualTo("b'a'... (2 bytes)");
		assertThat(buffer.position()).isEqualTo(1);
		assertThat(buffer.limit()).isEqualTo(7);
	}

	@Test
	void whenThereAreMoreBytesThanWantedThenTheirNumberIsNamed() {
		byte[] bytes = "a".repeat(1024).getBytes(StandardCharsets.US_ASCII);
		assertThat(PythonRepr.ofBytesCut(ByteBuffer.wrap(bytes), 4)).isEqualTo("b'aaaa'... (1024 bytes)");
		assertThat(PythonRepr.ofBytesCut(ByteBuffer.wrap(bytes), 1023)).endsWith("a'... (1024 bytes)")
			.hasSize(1023 + 19);
		assertThat(PythonRepr.ofBytesCut(ByteBuffer.wrap(bytes), 1024)).isEqualTo(PythonRepr.ofBytes(bytes));
		assertThat(PythonRepr.ofBytesCut(ByteBuffer.wrap(bytes), 2000)).isEqualTo(PythonRepr.ofBytes(bytes));
		assertThat(PythonRepr.ofBytesCut(ByteBuffer.allocate(1), 0)).isEqualTo("b''... (1 byte)");
		assertThat(PythonRepr.ofBytesCut(ByteBuffer.allocate(0), 0)).isEqualTo("b''");
	}

	@Test
	void whenBytesAreCutThenTheQuoteSuitsWhatIsLeft() {
		assertThat(PythonRepr.ofBytesCut(ByteBuffer.wrap(new byte[] { 'a', 'b', '\'' }), 2))
			.isEqualTo("b'ab'... (3 bytes)");
		assertThat(PythonRepr.ofBytesCut(ByteBuffer.wrap(new byte[] { '\'', 'b', '"' }), 2))
			.isEqualTo("b\"'b\"... (3 bytes)");
	}

	@Test
	void whenTheRangeIsNotInTheBufferThenItIsRefused() {
		ByteBuffer buffer = ByteBuffer.allocate(8).limit(4);
		assertThatExceptionOfType(IndexOutOfBoundsException.class)
			.isThrownBy(() -> PythonRepr.ofBytesCut(buffer, 2, 3, 1));
		assertThatIllegalArgumentException().isThrownBy(() -> PythonRepr.ofBytesCut(buffer, -1));
	}

}
