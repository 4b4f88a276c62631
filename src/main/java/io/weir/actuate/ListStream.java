package io.weir.actuate;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
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

	private @Nullable Iterator<T> rows;

	private ByteArrayInputStream made = new ByteArrayInputStream(new byte[0]);

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
		if (this.made.available() == 0 && (this.rows == null || this.rows.hasNext())) {
			this.made = new ByteArrayInputStream(makeMore().getBytes(StandardCharsets.UTF_8));
		}
		return this.made.read(target, offset, length);
	}

	private String makeMore() {
		String begin = ",";
		Iterator<T> left = this.rows;
		if (left == null) {
			Listing<T> begun = this.listing.get();
			begin = "{\"total\":" + begun.total() + ",\"connections\":[";
			left = begun.rows();
			this.rows = left;
		}
		StringJoiner json = new StringJoiner(",", begin, "");
		for (int i = 0; i < MAX_ROWS && left.hasNext(); i++) {
			json.add(JSON.writeValueAsString(this.body.apply(left.next())));
		}
		return left.hasNext() ? json.toString() : json + "]}";
	}

}
