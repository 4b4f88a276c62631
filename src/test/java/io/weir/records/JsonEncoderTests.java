package io.weir.records;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.weir.api.UnpackedRecord;
import io.weir.struct.StructFormat;
import io.weir.transport.SocketAddresses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link JsonEncoder}: Jackson reads what it writes.
 */
class JsonEncoderTests {

	private static final InetSocketAddress PEER = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 40_112);

	private static final Instant AT = Instant.parse("2026-11-25T18:00:00.123456789Z");

	private static final JsonMapper JSON = new JsonMapper();

	@Test
	void whenTheRecipesRecordComesThenItsLineIsThatOfTheContract() {
		List<String> fields = List.of("id", "tag", "serial", "x", "y", "temperature");
		assertThat(line("! I 2s Q 2h f", fields, 1L, "ab".getBytes(StandardCharsets.US_ASCII), 2L, 3L, 3L, 2.5))
			.isEqualTo("{\"at\":\"2026-11-25T18:00:00.123456Z\",\"connection\":1,\"peer\":\"127.0.0.1:40112\","
					+ "\"id\":1,\"tag\":\"ab\",\"serial\":2,\"x\":3,\"y\":3,\"temperature\":2.5}\n");
	}

	@Test
	void whenThereAreNoNamesThenTheyAreNumbered() {
		assertThat(JSON.readTree(line("2B", List.of(), 7L, 8L)).propertyNames()).containsExactly("at", "connection",
				"peer", "f1", "f2");
	}

	@ParameterizedTest
	@CsvSource({ "2026-11-25T18:00:00Z, 2026-11-25T18:00:00.000000Z",
			"2026-11-25T18:00:59.000001999Z, 2026-11-25T18:00:59.000001Z",
			"1969-12-31T23:59:59.999999999Z, 1969-12-31T23:59:59.999999Z" })
	void whenATimeIsWrittenThenItHasSixDigits(String at, String text) {
		Lines lines = new Lines();
		encoder("B", List.of()).encode(new UnpackedRecord(1, PEER, Instant.parse(at), List.of("f1"), List.of(1L)),
				lines);
		assertThat(text(lines)).startsWith("{\"at\":\"" + text + "\",");
	}

	// Each code with its extremes, in both byte orders where it has one
	@ParameterizedTest
	@ValueSource(strings = { "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "n", "N", "P" })
	void whenAnIntegerIsWrittenThenJacksonReadsTheSame(String code) {
		boolean signed = Character.isLowerCase(code.charAt(0));
		int bits = StructFormat.parse(code).size() * 8;
		BigInteger max = BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits).subtract(BigInteger.ONE);
		BigInteger min = signed ? max.negate().subtract(BigInteger.ONE) : BigInteger.ZERO;
		for (BigInteger number : List.of(min, BigInteger.ZERO, BigInteger.ONE, BigInteger.TEN, max)) {
			JsonNode value = packed(code, number);
			assertThat(value.isIntegralNumber()).isTrue();
			assertThat(value.bigIntegerValue()).as(code).isEqualTo(number);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "<e", ">e", "<f", ">f", "<d", ">d" })
	void whenAFloatIsWrittenThenJacksonReadsTheSame(String code) {
		for (double number : new double[] { 0, -0.0, 2.5, -1, 0.333251953125, 65504, 5.960464477539063e-8 }) {
			assertThat(Double.compare(packed(code, number).doubleValue(), number)).as(code + " " + number).isZero();
		}
		for (double number : new double[] { Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY }) {
			assertThat(packed(code, number).isNull()).as(code + " " + number).isTrue();
		}
	}

	@Test
	void whenADoubleIsLargeOrSmallThenJacksonReadsTheSame() {
		for (double number : new double[] { Double.MAX_VALUE, Double.MIN_VALUE, Double.MIN_NORMAL, 1e16, 1e-5, 1e21,
				0.1, 123_456_789.125, 9_007_199_254_740_992.0 }) {
			assertThat(packed("d", number).doubleValue()).isEqualTo(number);
		}
		assertThat(packed("f", 0.1f).doubleValue()).isEqualTo(0.1f);
	}

	@Test
	void whenItIsTrueOrFalseThenJacksonReadsTheSame() {
		assertThat(packed("?", true).isBoolean()).isTrue();
		assertThat(packed("?", true).booleanValue()).isTrue();
		assertThat(packed("?", false).booleanValue()).isFalse();
	}

	@Test
	void whenThereIsPaddingThenItHasNoName() {
		assertThat(JSON.readTree(line("2x B 3x", List.of("one"), 1L)).propertyNames()).containsExactly("at",
				"connection", "peer", "one");
	}

	// What the bytes hold, in hexadecimal | the text
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			''                   | ''
			6162                 | ab
			61620000             | ab
			0000                 | ''
			61006200             | a\\u0000b
			2261225c             | \\u0022a\\u0022\\u005c
			0a0d09080c1f         | \\u000a\\u000d\\u0009\\u0008\\u000c\\u001f
			7f                   | \\u007f
			c280c285c29f         | \\u0080\\u0085\\u009f
			e280a8e280a9         | \\u2028\\u2029
			c3a4e282acf09f9880   | \\u00e4\\u20ac\\ud83d\\ude00
			ff61fe               | \\ufffda\\ufffd
			c3                   | \\ufffd
			e282                 | \\ufffd
			eda080               | \\ufffd
			f8888080             | \\ufffd\\ufffd\\ufffd\\ufffd
			c080                 | \\ufffd\\ufffd
			""")
	void whenBytesAreTextThenJacksonReadsIt(String hex, String text) {
		byte[] bytes = HexFormat.of().parseHex(hex);
		for (String code : List.of(bytes.length + "s", bytes.length + 1 + "p")) {
			assertThat(packed(code, (Object) bytes).stringValue()).as(code).isEqualTo(unicode(text));
		}
		if (bytes.length == 1) {
			assertThat(packed("c", (Object) bytes).stringValue()).isEqualTo(unicode(text));
		}
	}

	private static String unicode(String text) {
		StringBuilder result = new StringBuilder();
		for (int i = 0; i < text.length(); i++) {
			if (text.startsWith("\\u", i)) {
				result.append((char) Integer.parseInt(text.substring(i + 2, i + 6), 16));
				i += 5;
			}
			else {
				result.append(text.charAt(i));
			}
		}
		return result.toString();
	}

	@Test
	void whenBytesAreAnyAtAllThenALineIsOneLineOfPrintableText() {
		Random random = new Random(7);
		for (int i = 0; i < 2_000; i++) {
			byte[] bytes = new byte[random.nextInt(40)];
			random.nextBytes(bytes);
			String line = line(bytes.length + "s", List.of("a"), (Object) bytes);
			assertThat(line.codePoints()
				.filter((one) -> Character.isISOControl(one) || one == 0x2028 || one == 0x2029)
				.toArray()).as(HexFormat.of().formatHex(bytes)).containsExactly('\n');
			int length = bytes.length;
			while (length > 0 && bytes[length - 1] == 0) {
				length--;
			}
			assertThat(JSON.readTree(line).get("a").stringValue())
				.isEqualTo(new String(bytes, 0, length, StandardCharsets.UTF_8));
		}
	}

	@Test
	void whenBytesAreNoTextThenTheyCanBeHexOrBase64() {
		byte[] bytes = { 0, (byte) 0xff, 'a', 0 };
		JsonNode line = JSON.readTree(line("4s 4s 5p", List.of("a:hex", "b:base64", "c:hex"), bytes, bytes, bytes));
		assertThat(line.get("a").stringValue()).isEqualTo("00ff6100");
		assertThat(Base64.getDecoder().decode(line.get("b").stringValue())).isEqualTo(bytes);
		assertThat(line.get("c").stringValue()).isEqualTo("00ff6100");
	}

	@Test
	void whenANameHasQuotesThenItIsEscaped() {
		String name = "a\"b\\c\nd\u2028é";
		assertThat(JSON.readTree(line("B", List.of(name), 1L)).propertyNames()).contains(name);
	}

	@Test
	void whenConnectionsTakeTurnsThenEachLineHasItsOwn() {
		JsonEncoder encoder = encoder("B", List.of());
		Lines lines = new Lines();
		// Some of them share a place in the cache
		for (int i = 0; i < 2_000; i++) {
			long connection = i % 600;
			InetSocketAddress peer = new InetSocketAddress(PEER.getAddress(), 1000 + (int) connection);
			encoder.encode(new UnpackedRecord(connection, peer, AT, List.of("f1"), List.of(1L)), lines);
		}
		String[] all = text(lines).split("\n");
		assertThat(all).hasSize(2_000);
		for (int i = 0; i < all.length; i++) {
			JsonNode line = JSON.readTree(all[i]);
			assertThat(line.get("connection").intValue()).isEqualTo(i % 600);
			assertThat(line.get("peer").stringValue()).isEqualTo("127.0.0.1:" + (1000 + i % 600));
		}
		assertThat(lines.count()).isEqualTo(2_000);
	}

	@Test
	void whenARecordCanNotBeWrittenThenNothingOfItIs() {
		JsonEncoder encoder = encoder("2B", List.of());
		Lines lines = new Lines();
		encoder.encode(new UnpackedRecord(1, PEER, AT, List.of("f1", "f2"), List.of(1L, 2L)), lines);
		int size = lines.size();
		assertThatIllegalArgumentException().isThrownBy(() -> encoder
			.encode(new UnpackedRecord(1, PEER, AT, List.of("f1", "f2"), List.of(1L, new Object())), lines));
		assertThat(lines.size()).isEqualTo(size);
		assertThat(lines.count()).isEqualTo(1);
	}

	@Test
	void whenALineIsLongThenThereIsRoomForIt() {
		byte[] bytes = new byte[3_000_000];
		bytes[bytes.length - 1] = 1;
		assertThat(packed(bytes.length + "s", (Object) bytes).stringValue()).hasSize(bytes.length);
	}

	// The value of a record of one, to bytes and back, and to JSON and back
	private static JsonNode packed(String code, @Nullable Object value) {
		StructFormat format = StructFormat.parse(code);
		List<Object> values = format.unpack(format.pack(value));
		return JSON.readTree(line(code, List.of("value"), values.toArray())).get("value");
	}

	private static String line(String format, List<String> fields, Object... values) {
		Lines lines = new Lines();
		encoder(format, fields).encode(new UnpackedRecord(1, PEER, AT, fields, List.of(values)), lines);
		return text(lines);
	}

	private static JsonEncoder encoder(String format, List<String> fields) {
		return new JsonEncoder(RecordFields.of(fields, StructFormat.parse(format)), SocketAddresses::text);
	}

	private static String text(Lines lines) {
		return new String(lines.bytes(), 0, lines.size(), StandardCharsets.UTF_8);
	}

}
