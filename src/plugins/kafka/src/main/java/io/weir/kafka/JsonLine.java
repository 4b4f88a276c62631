package io.weir.kafka;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.SerializableString;
import tools.jackson.core.io.CharacterEscapes;
import tools.jackson.core.io.SerializedString;
import tools.jackson.core.json.JsonFactory;

import io.weir.api.UnpackedRecord;

/**
 * A record as the JSON that Weir writes to its own output, without the end of the line.
 * Safe for any thread.
 */
final class JsonLine {

	private static final DateTimeFormatter AT = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
		.withZone(ZoneOffset.UTC);

	private final JsonFactory json = JsonFactory.builder().characterEscapes(new LineEscapes()).build();

	private final List<String> fields;

	/**
	 * Creates it.
	 * @param fields as configured, with their forms; empty if they are not
	 */
	JsonLine(List<String> fields) {
		this.fields = List.copyOf(fields);
	}

	byte[] of(UnpackedRecord record) {
		ByteArrayOutputStream line = new ByteArrayOutputStream(256);
		try (JsonGenerator generator = this.json.createGenerator(ObjectWriteContext.empty(), line)) {
			generator.writeStartObject();
			generator.writeStringProperty("at", AT.format(record.receivedAt()));
			generator.writeNumberProperty("connection", record.connection());
			generator.writeStringProperty("peer", ClientAddress.text(record.peer()));
			for (int i = 0; i < record.values().size(); i++) {
				generator.writeName(record.fields().get(i));
				write(record.values().get(i), i, generator);
			}
			generator.writeEndObject();
		}
		return line.toByteArray();
	}

	private void write(Object value, int index, JsonGenerator generator) {
		switch (value) {
			case Long number -> generator.writeNumber(number);
			case BigInteger number -> generator.writeNumber(number);
			case Boolean bool -> generator.writeBoolean(bool);
			case Double number when Double.isFinite(number) -> generator.writeNumber(number);
			case Double notFinite -> generator.writeNull();
			case byte[] bytes -> generator.writeString(text(bytes, index));
			default -> throw new IllegalArgumentException("no value of a record: " + value.getClass());
		}
	}

	private String text(byte[] bytes, int index) {
		String field = (index < this.fields.size()) ? this.fields.get(index).strip() : "";
		if (field.endsWith(":hex")) {
			return HexFormat.of().formatHex(bytes);
		}
		if (field.endsWith(":base64")) {
			return Base64.getEncoder().encodeToString(bytes);
		}
		int length = bytes.length;
		while (length > 0 && bytes[length - 1] == 0) {
			length--;
		}
		return new String(bytes, 0, length, StandardCharsets.UTF_8);
	}

	/**
	 * Escapes, beyond what JSON asks for, the other control characters and the line
	 * separators of Unicode.
	 */
	private static final class LineEscapes extends CharacterEscapes {

		private static final long serialVersionUID = 1L;

		@Override
		public int[] getEscapeCodesForAscii() {
			int[] codes = standardAsciiEscapesForJSON();
			codes[0x7f] = CharacterEscapes.ESCAPE_STANDARD;
			return codes;
		}

		@Override
		public @Nullable SerializableString getEscapeSequence(int one) {
			boolean separates = one == 0x2028 || one == 0x2029;
			return (separates || Character.isISOControl(one)) ? new SerializedString("\\u%04x".formatted(one)) : null;
		}

	}

}
