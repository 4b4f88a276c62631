package io.weir.struct;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Compares everything with what CPython's own {@code struct} does: the vectors are made
 * by {@code src/test/python/struct_vectors.py}, which also says what is in them.
 */
class StructVectorsTests {

	private static final HexFormat HEX = HexFormat.of();

	private static List<JsonNode> vectors = List.of();

	/** What differs; all of it is shown rather than the first. */
	private final List<String> differences = new ArrayList<>();

	@BeforeAll
	static void readVectors() throws IOException {
		JsonMapper json = JsonMapper.builder().build();
		try (InputStream stream = Objects
			.requireNonNull(StructVectorsTests.class.getResourceAsStream("vectors.jsonl"))) {
			vectors = new String(stream.readAllBytes(), StandardCharsets.US_ASCII).lines().map(json::readTree).toList();
		}
	}

	@Test
	void theVectorsAreWhatTheScriptMakes() throws Exception {
		assumeTrue(run("python3", "-c", "import sys; sys.exit(sys.version_info[:2] != (3, 11))").equals("0"),
				"no CPython 3.11");
		assertThat(run("python3", Path.of("src", "test", "python", "struct_vectors.py").toString(), "--check"))
			.isEqualTo("0");
	}

	private static String run(String... command) throws InterruptedException {
		try {
			Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			return process.waitFor() + output;
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

	@Test
	void theVectorsAreMany() {
		Set<String> accepted = new HashSet<>();
		of("f").forEach((vector) -> accepted.add(vector.get("f").asString()));
		assertThat(accepted).hasSizeGreaterThan(3500);
		assertThat(of("bad")).hasSizeGreaterThan(1500);
		assertThat(of("f").stream().mapToInt((vector) -> vector.get("cases").size()).sum()).isGreaterThan(8000);
		assertThat(of("f").stream().mapToInt((vector) -> vector.get("no").size()).sum()).isGreaterThan(2500);
	}

	@Test
	void whatCPythonRefusesIsRefusedWithTextAndPosition() {
		for (JsonNode vector : of("bad")) {
			String format = vector.get("bad").asString();
			StructFormatException refusal = refusal(() -> StructFormat.parse(format));
			check(vector, "message", "bad struct format " + PythonRepr.ofText(format) + ": position ",
					(refusal != null) ? beginning(refusal) : "accepted");
			if (refusal != null) {
				check(vector, "format", format, refusal.format());
				check(vector, "position within", true,
						refusal.position() >= 0 && refusal.position() <= format.length());
			}
		}
		assertNoDifference();
	}

	private static String beginning(StructFormatException refusal) {
		String message = String.valueOf(refusal.getMessage());
		String mark = ": position ";
		return message.substring(0, message.lastIndexOf(mark) + mark.length());
	}

	@Test
	void whatIsTooLargeForJavaIsRefusedAsTooLong() {
		for (JsonNode vector : of("big")) {
			StructFormatException refusal = refusal(() -> StructFormat.parse(vector.get("big").asString()));
			check(vector, "refused", true,
					refusal != null && String.valueOf(refusal.getMessage()).contains("total struct size too long"));
		}
		assertNoDifference();
	}

	@Test
	void sizesAreThoseOfCPython() {
		for (JsonNode vector : of("f")) {
			check(vector, "size", vector.get("n").asInt(), format(vector).size());
			check(vector, "format", vector.get("f").asString(), format(vector).format());
		}
		assertNoDifference();
	}

	@Test
	void valuesArePackedAsByCPython() {
		forEachCase((vector, format, packing) -> {
			JsonNode values = packing.has("v") ? packing.get("v") : packing.get("u");
			String bytes = packing.get(packing.has("b") ? "b" : "raw").asString();
			check(vector, "packed", bytes, HEX.formatHex(format.pack(decode(values))));
			check(vector, "packed from big integers", bytes, HEX.formatHex(format.pack(widened(decode(values)))));
		});
	}

	@Test
	void bytesAreUnpackedAsByCPython() {
		forEachCase((vector, format, packing) -> {
			byte[] record = HEX.parseHex(packing.get(packing.has("raw") ? "raw" : "b").asString());
			String values = packing.get(packing.has("u") ? "u" : "v").toString();
			check(vector, "unpacked", values, encode(format.unpack(record)));
			for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
				ByteBuffer direct = ByteBuffer.allocateDirect(record.length + 5).order(order);
				direct.put(3, record).position(3).limit(3 + record.length);
				check(vector, "unpacked from a direct buffer", values, encode(format.unpack(direct)));
				check(vector, "position", 3, direct.position());
				check(vector, "limit", 3 + record.length, direct.limit());
				check(vector, "order", order, direct.order());
			}
			check(vector, "unpacked from a read-only buffer", values,
					encode(format.unpack(ByteBuffer.wrap(record).asReadOnlyBuffer())));
		});
	}

	@Test
	void unpackedValuesHaveTheirClasses() {
		forEachCase((vector, format, packing) -> {
			byte[] record = HEX.parseHex(packing.get(packing.has("raw") ? "raw" : "b").asString());
			for (Object value : format.unpack(record)) {
				check(vector, "class of " + value, true, switch (value) {
					case Long _, Boolean _, Double _, byte[] _ -> true;
					case BigInteger number -> number.signum() > 0 && number.bitLength() == 64;
					default -> false;
				});
			}
		});
	}

	@Test
	void reprIsThatOfCPython() {
		forEachCase((vector, format, packing) -> {
			byte[] record = HEX.parseHex(packing.get(packing.has("raw") ? "raw" : "b").asString());
			check(vector, "repr", packing.get("r").asString(), StructFormat.repr(format.unpack(record)));
		});
	}

	@Test
	void otherSizesAreRefused() {
		for (JsonNode vector : of("f")) {
			StructFormat format = format(vector);
			if (format.size() > 1000) {
				continue;
			}
			for (int size : new int[] { 0, format.size() - 1, format.size() + 1 }) {
				if (size >= 0 && size != format.size()) {
					check(vector, "refuses " + size + " bytes", true,
							refusal(() -> format.unpack(new byte[size])) != null);
					check(vector, "refuses a buffer of " + size + " bytes", true,
							refusal(() -> format.unpack(ByteBuffer.allocateDirect(size))) != null);
				}
			}
		}
		assertNoDifference();
	}

	@Test
	void valuesThatCPythonRefusesAreRefused() {
		for (JsonNode vector : of("f")) {
			for (JsonNode values : vector.get("no")) {
				check(vector, "refuses " + values, true, refusal(() -> format(vector).pack(decode(values))) != null);
			}
		}
		assertNoDifference();
	}

	@Test
	void reprOfDoublesIsThatOfCPython() {
		forEachPair("d", (bits) -> PythonRepr.ofDouble(Double.longBitsToDouble(Long.parseUnsignedLong(bits, 16))));
	}

	@Test
	void reprOfBytesIsThatOfCPython() {
		forEachPair("x", (hex) -> PythonRepr.ofBytes(HEX.parseHex(hex)));
		forEachPair("x", (hex) -> {
			byte[] bytes = HEX.parseHex(hex);
			ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length + 9).put(4, bytes);
			return PythonRepr.ofBytesCut(buffer, 4, bytes.length, bytes.length);
		});
	}

	@Test
	void textIsThatOfCPython() {
		forEachPair("t", PythonRepr::ofText);
	}

	private void forEachPair(String kind, UnaryOperator<String> repr) {
		assertThat(of(kind)).isNotEmpty();
		for (JsonNode vector : of(kind)) {
			for (JsonNode pair : vector.get(kind)) {
				check(pair, "repr", pair.get(1).asString(), repr.apply(pair.get(0).asString()));
			}
		}
		assertNoDifference();
	}

	private void forEachCase(CaseTest test) {
		for (JsonNode vector : of("f")) {
			StructFormat format = format(vector);
			for (JsonNode packing : vector.get("cases")) {
				try {
					test.run(vector, format, packing);
				}
				catch (RuntimeException ex) {
					this.differences.add(vector.get("f") + " " + packing + ": " + ex);
				}
			}
		}
		assertNoDifference();
	}

	private static List<JsonNode> of(String kind) {
		return vectors.stream().filter((vector) -> vector.has(kind)).toList();
	}

	private StructFormat format(JsonNode vector) {
		try {
			return StructFormat.parse(vector.get("f").asString());
		}
		catch (StructFormatException ex) {
			return fail("CPython accepts it", ex);
		}
	}

	private static @Nullable StructFormatException refusal(Supplier<?> action) {
		try {
			Objects.requireNonNull(action.get());
			return null;
		}
		catch (StructFormatException ex) {
			return ex;
		}
	}

	private void check(JsonNode vector, String what, Object expected, Object actual) {
		if (!expected.equals(actual)) {
			JsonNode name = vector.has("f") ? vector.get("f") : vector;
			this.differences.add(name + ": " + what + ": expected " + expected + " but was " + actual);
		}
	}

	private void assertNoDifference() {
		int count = this.differences.size();
		if (count > 0) {
			fail(count + " differences, of which the first are:\n"
					+ String.join("\n", this.differences.subList(0, Math.min(20, count))));
		}
	}

	private static @Nullable Object[] decode(JsonNode values) {
		@Nullable Object[] decoded = new @Nullable Object[values.size()];
		for (int i = 0; i < decoded.length; i++) {
			decoded[i] = decodeOne(values.get(i));
		}
		return decoded;
	}

	private static @Nullable Object decodeOne(JsonNode value) {
		if (value.isNull()) {
			return null;
		}
		if (value.isBoolean()) {
			return value.asBoolean();
		}
		if (value.isNumber()) {
			BigInteger number = value.bigIntegerValue();
			return (number.bitLength() < Long.SIZE) ? (Object) number.longValue() : number;
		}
		String text = value.asString().substring(1);
		return switch (value.asString().charAt(0)) {
			case 'd' -> Double.longBitsToDouble(Long.parseUnsignedLong(text, 16));
			case 'x' -> HEX.parseHex(text);
			default -> text;
		};
	}

	private static @Nullable Object[] widened(@Nullable Object[] values) {
		return Arrays.stream(values)
			.map((value) -> (value instanceof Long number) ? BigInteger.valueOf(number) : value)
			.toArray();
	}

	private static String encode(List<Object> values) {
		List<String> encoded = new ArrayList<>();
		for (Object value : values) {
			encoded.add(switch (value) {
				case Double number -> "\"d" + HEX.toHexDigits(Double.doubleToRawLongBits(number)) + "\"";
				case byte[] bytes -> "\"x" + HEX.formatHex(bytes) + "\"";
				default -> value.toString();
			});
		}
		return "[" + String.join(",", encoded) + "]";
	}

	private interface CaseTest {

		void run(JsonNode vector, StructFormat format, JsonNode packing);

	}

}
