package io.weir.actuate;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.Iterator;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

import io.weir.monitor.Listing;

/**
 * The JSON of a list of connections, made while it is read, so that a long list takes no
 * more memory than some rows: {@code {"total": n, "connections": [ … ]}}. One thread at a
 * time.
 *
 * @param <T> the type of a row
 */
final class ListStream<T> extends InputStream {

	private static final int MAX_ROWS = 16;

	// Not the application's: its settings must not rename what others read
	private static final JsonMapper JSON = new JsonMapper();

	private final Supplier<Listing<T>> listing;

	private final Function<T, Object> body;

	private final ByteArrayOutputStream made = new ByteArrayOutputStream();

	private byte[] bytes = new byte[0];

	private int position;

	private @Nullable Iterator<T> rows;

	private @Nullable JsonGenerator generator;

	private boolean atEnd;

	/**
	 * Creates the stream.
	 * @param listing what to show, asked for at the first read
	 * @param body shows a row
	 */
	ListStream(Supplier<Listing<T>> listing, Function<T, Object> body) {
		this.listing = listing;
		this.body = body;
	}

	@Override
	public int read() {
		byte[] one = new byte[1];
		return (read(one, 0, 1) < 0) ? -1 : one[0] & 0xff;
	}

	@Override
	public int read(byte[] target, int offset, int length) {
		if (this.position == this.bytes.length && !makeMore()) {
			return -1;
		}
		int count = Math.min(length, this.bytes.length - this.position);
		System.arraycopy(this.bytes, this.position, target, offset, count);
		this.position += count;
		return count;
	}

	private boolean makeMore() {
		if (this.atEnd) {
			return false;
		}
		this.made.reset();
		Iterator<T> left = this.rows;
		JsonGenerator json = this.generator;
		if (left == null || json == null) {
			Listing<T> begun = this.listing.get();
			left = begun.rows();
			json = JSON.createGenerator(this.made);
			json.writeStartObject();
			json.writeNumberProperty("total", begun.total());
			json.writeArrayPropertyStart("connections");
			this.rows = left;
			this.generator = json;
		}
		for (int i = 0; i < MAX_ROWS && left.hasNext(); i++) {
			JSON.writeValue(json, this.body.apply(left.next()));
		}
		if (left.hasNext()) {
			json.flush();
		}
		else {
			close();
		}
		this.bytes = this.made.toByteArray();
		this.position = 0;
		return true;
	}

	/**
	 * Ends the list where it is, and gives back what it took.
	 */
	@Override
	public void close() {
		this.atEnd = true;
		if (this.generator != null) {
			this.generator.close();
		}
	}

}
