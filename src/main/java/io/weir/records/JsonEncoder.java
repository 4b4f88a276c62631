package io.weir.records;

import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import io.weir.api.UnpackedRecord;
import io.weir.records.RecordFields.Form;

/**
 * Writes records as lines of JSON. Not safe for several threads at once.
 */
final class JsonEncoder {

	private static final byte[] AT = ascii("{\"at\":\"");

	private static final byte[] NULL = ascii("null");

	private static final byte[] TRUE = ascii("true");

	private static final byte[] FALSE = ascii("false");

	private static final byte[] HEX = ascii("0123456789abcdef");

	// A power of two
	private static final int PEERS = 256;

	private final byte[][] names;

	private final Form[] forms;

	private final Function<InetSocketAddress, String> addressText;

	// What was written of a connection before: one that brings many records costs it once
	private final @Nullable Peer[] peers = new @Nullable Peer[PEERS];

	private long second = Long.MIN_VALUE;

	private byte[] secondText = {};

	JsonEncoder(RecordFields fields, Function<InetSocketAddress, String> addressText) {
		this.names = fields.names()
			.stream()
			.map((name) -> (",\"" + JsonText.escape(name) + "\":").getBytes(StandardCharsets.UTF_8))
			.toArray(byte[][]::new);
		this.forms = fields.forms().toArray(Form[]::new);
		this.addressText = addressText;
	}

	private static byte[] ascii(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	/**
	 * Adds the line of a record, or nothing if it throws.
	 * @param record has as many values as there are names
	 * @param target where the line goes
	 */
	void encode(UnpackedRecord record, Lines target) {
		int begin = target.size();
		try {
			target.put(AT);
			at(record.receivedAt(), target);
			target.put(peer(record));
			List<Object> values = record.values();
			for (int i = 0; i < this.names.length; i++) {
				target.put(this.names[i]);
				value(values.get(i), this.forms[i], target);
			}
			target.put((byte) '}');
			target.endLine();
		}
		catch (Throwable ex) {
			target.truncate(begin);
			throw ex;
		}
	}

	private void at(Instant at, Lines target) {
		if (at.getEpochSecond() != this.second) {
			String text = Instant.ofEpochSecond(at.getEpochSecond()).toString();
			this.secondText = ascii(text.replace('Z', '.'));
			this.second = at.getEpochSecond();
		}
		target.put(this.secondText);
		target.putPadded(at.getNano() / 1000, 6);
	}

	private byte[] peer(UnpackedRecord record) {
		int place = (int) record.connection() & (PEERS - 1);
		Peer known = this.peers[place];
		if (known == null || known.connection != record.connection() || !known.address.equals(record.peer())) {
			known = new Peer(record.connection(), record.peer(), ascii("Z\",\"connection\":" + record.connection()
					+ ",\"peer\":\"" + this.addressText.apply(record.peer()) + '"'));
			this.peers[place] = known;
		}
		return known.text;
	}

	private static void value(Object value, Form form, Lines target) {
		switch (value) {
			case Long number -> target.put(number.longValue());
			case Double number -> number(number, target);
			case byte[] bytes -> bytes(bytes, form, target);
			case Boolean bool -> target.put(bool ? TRUE : FALSE);
			case BigInteger number -> target.putAscii(number.toString());
			default -> throw new IllegalArgumentException("no value of a record: " + value.getClass());
		}
	}

	private static void number(double number, Lines target) {
		if (Double.isFinite(number)) {
			target.putAscii(Double.toString(number));
		}
		else {
			target.put(NULL);
		}
	}

	private static void bytes(byte[] bytes, Form form, Lines target) {
		target.put((byte) '"');
		switch (form) {
			case TEXT -> text(bytes, target);
			case HEX -> {
				for (byte one : bytes) {
					target.put(HEX[(one >> 4) & 0xf]);
					target.put(HEX[one & 0xf]);
				}
			}
			case BASE64 -> target.put(Base64.getEncoder().encode(bytes));
		}
		target.put((byte) '"');
	}

	private static void text(byte[] bytes, Lines target) {
		int length = bytes.length;
		while (length > 0 && bytes[length - 1] == 0) {
			length--;
		}
		if (JsonText.isPlain(bytes, length)) {
			target.put(bytes, length);
		}
		else {
			String text = new String(bytes, 0, length, StandardCharsets.UTF_8);
			target.put(JsonText.escape(text).getBytes(StandardCharsets.UTF_8));
		}
	}

	/**
	 * What lines of a connection have in common.
	 */
	private static final class Peer {

		private final long connection;

		private final InetSocketAddress address;

		private final byte[] text;

		Peer(long connection, InetSocketAddress address, byte[] text) {
			this.connection = connection;
			this.address = address;
			this.text = text;
		}

	}

}
