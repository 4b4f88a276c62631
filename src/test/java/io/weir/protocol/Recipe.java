package io.weir.protocol;

import java.nio.charset.StandardCharsets;

import io.weir.struct.StructFormat;

/**
 * What the recipe's client sends.
 */
public final class Recipe {

	public static final StructFormat FORMAT = StructFormat.parse("! I 2s Q 2h f");

	public static final byte[] DATA = "data\n".getBytes(StandardCharsets.US_ASCII);

	public static final byte[] RECORD = FORMAT.pack(1, new byte[] { 'a', 'b' }, 2, 3, 3, 2.5);

	private Recipe() {
	}

	static byte[] records(int count) {
		byte[] records = new byte[count * FORMAT.size()];
		for (int i = 0; i < count; i++) {
			System.arraycopy(RECORD, 0, records, i * FORMAT.size(), FORMAT.size());
		}
		return records;
	}

}
