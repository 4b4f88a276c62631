package io.weir.tls;

import java.nio.ByteBuffer;

import javax.net.ssl.SSLException;

/**
 * The header of a TLS record (RFC 8446, 5.1): its content type, a version and a length.
 */
final class TlsRecord {

	private static final byte CHANGE_CIPHER_SPEC = 20;

	private static final byte APPLICATION_DATA = 23;

	private static final int HEADER = 5;

	private TlsRecord() {
	}

	/**
	 * Refuses a record that is larger than the standard allows. The engine would take it,
	 * and want larger buffers from then on; what is no record at all, it refuses itself.
	 * @param bytes what has come, from the beginning of a record on; left as they are
	 * @param max how many bytes a record may have, its header included
	 */
	static void checkSize(ByteBuffer bytes, int max) throws SSLException {
		if (bytes.remaining() >= HEADER && isKnown(bytes.get(bytes.position())) && size(bytes) > max) {
			throw new SSLException("A record of %d bytes is too large".formatted(size(bytes)));
		}
	}

	private static boolean isKnown(byte contentType) {
		return contentType >= CHANGE_CIPHER_SPEC && contentType <= APPLICATION_DATA;
	}

	/**
	 * Whether a whole record of data has come.
	 * @param bytes what has come, from the beginning of a record on; left as they are
	 */
	static boolean isWholeData(ByteBuffer bytes) {
		return bytes.remaining() >= HEADER && bytes.get(bytes.position()) == APPLICATION_DATA
				&& bytes.remaining() >= size(bytes);
	}

	private static int size(ByteBuffer bytes) {
		return HEADER + Short.toUnsignedInt(bytes.getShort(bytes.position() + HEADER - Short.BYTES));
	}

}
