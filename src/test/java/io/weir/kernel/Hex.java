package io.weir.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * Reads annotated hex dumps: white space does not count, nor what follows a {@code #} on
 * its line.
 */
final class Hex {

	private Hex() {
	}

	static byte[] bytes(String dump) {
		return HexFormat.of().parseHex(dump.replaceAll("(?m)#.*$", "").replaceAll("\\s", ""));
	}

	static ByteBuffer littleEndian(String dump) {
		return ByteBuffer.wrap(bytes(dump)).order(ByteOrder.LITTLE_ENDIAN);
	}

}
