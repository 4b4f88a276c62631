package io.weir.kafka;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.weir.api.UnpackedRecord;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JsonLine}: the JSON that Weir itself writes.
 */
class JsonLineTests {

	private static final InetSocketAddress PEER = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 40_112);

	@Test
	void whenTheRecipesRecordComesThenItsLineIsThatOfTheContract() {
		UnpackedRecord record = new UnpackedRecord(1, PEER, Instant.parse("2026-11-25T18:00:00.123456789Z"),
				List.of("id", "tag", "serial", "x", "y", "temperature"),
				List.of(1L, "ab".getBytes(StandardCharsets.US_ASCII), 2L, 3L, 3L, 2.5));
		assertThat(text(new JsonLine(List.of()), record))
			.isEqualTo("{\"at\":\"2026-11-25T18:00:00.123456Z\",\"connection\":1,\"peer\":\"127.0.0.1:40112\","
					+ "\"id\":1,\"tag\":\"ab\",\"serial\":2,\"x\":3,\"y\":3,\"temperature\":2.5}");
	}

	@Test
	void whenValuesAreOddThenTheyAreWrittenAsWeirDoes() {
		BigInteger large = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
		byte[] bytes = { 'a', 0, (byte) 0xff, '"', '\n', 0x7f, 0, 0 };
		UnpackedRecord record = new UnpackedRecord(1, PEER, Instant.parse("2026-11-25T18:00:00Z"),
				List.of("a", "b", "c", "d", "e", "f", "g", "h"), List.of(large, Double.NaN, Double.NEGATIVE_INFINITY,
						true, bytes, bytes, bytes, "\u2028\u0085é".getBytes(StandardCharsets.UTF_8)));
		String line = text(new JsonLine(List.of("a", "b", "c", "d", "e", "f:hex", "g:base64", "h")), record);
		assertThat(line).startsWith("{\"at\":\"2026-11-25T18:00:00.000000Z\",").doesNotContain("\u2028", "\u0085");
		JsonNode json = new JsonMapper().readTree(line);
		assertThat(json.get("a").bigIntegerValue()).isEqualTo(large);
		assertThat(json.get("b").isNull()).isTrue();
		assertThat(json.get("c").isNull()).isTrue();
		assertThat(json.get("d").booleanValue()).isTrue();
		assertThat(json.get("e").stringValue()).isEqualTo("a\0\ufffd\"\n\u007f");
		assertThat(json.get("f").stringValue()).isEqualTo("6100ff220a7f0000");
		assertThat(json.get("g").stringValue()).isEqualTo("YQD/Igp/AAA=");
		assertThat(json.get("h").stringValue()).isEqualTo("\u2028\u0085é");
	}

	private static String text(JsonLine line, UnpackedRecord record) {
		return new String(line.of(record), StandardCharsets.UTF_8);
	}

}
