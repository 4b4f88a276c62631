package io.weir.monitor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A protocol that a peer speaks and this server does not, told by the first bytes.
 */
enum ForeignProtocol {

	/**
	 * The header of the PROXY protocol, version 1 or 2.
	 */
	PROXY_HEADER,

	/**
	 * A TLS handshake where there is no TLS.
	 */
	TLS,

	/**
	 * An HTTP request line.
	 */
	HTTP,

	/**
	 * Anything that is no TLS record, where there is TLS.
	 */
	NO_TLS;

	private static final byte[] PROXY_V1 = ascii("PROXY ");

	private static final byte[] PROXY_V2 = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n' };

	// RFC 8446, 5.1 and 4: a record of the type handshake, version 3.x
	private static final byte[] TLS_HANDSHAKE = { 22, 3 };

	private static final int CLIENT_HELLO_INDEX = 5;

	private static final byte CLIENT_HELLO = 1;

	// RFC 9110, 9.1, and the first line of HTTP/2, RFC 9113, 3.4
	private static final List<byte[]> REQUESTS = List.of(ascii("GET /"), ascii("HEAD /"), ascii("POST /"),
			ascii("PUT /"), ascii("DELETE /"), ascii("OPTIONS /"), ascii("OPTIONS * HTTP/"), ascii("PATCH /"),
			ascii("TRACE /"), ascii("CONNECT "), ascii("GET http"), ascii("PRI * HTTP/2.0"));

	// The types of TLS records, and the first byte of a hello in the form of SSL 2
	private static final int FIRST_TYPE = 20;

	private static final int LAST_TYPE = 23;

	private static byte[] ascii(String text) {
		return text.getBytes(StandardCharsets.US_ASCII);
	}

	/**
	 * Tells what has come where TLS is expected.
	 * @param bytes where the first bytes are
	 * @param begin the index of the first
	 * @param end the index after the last, more than begin
	 * @return null for TLS
	 */
	static @Nullable ForeignProtocol insteadOfTls(ByteBuffer bytes, int begin, int end) {
		if (startsWith(bytes, begin, end, PROXY_V1) || startsWith(bytes, begin, end, PROXY_V2)) {
			return PROXY_HEADER;
		}
		int type = bytes.get(begin);
		return (type < 0 || (type >= FIRST_TYPE && type <= LAST_TYPE)) ? null : NO_TLS;
	}

	/**
	 * Tells what has come where data is expected.
	 * @param bytes where the first bytes are
	 * @param begin the index of the first
	 * @param end the index after the last
	 * @param records whether the data has records: then text is no data
	 * @return null for data
	 */
	static @Nullable ForeignProtocol insteadOfData(ByteBuffer bytes, int begin, int end, boolean records) {
		if (startsWith(bytes, begin, end, PROXY_V2)) {
			return PROXY_HEADER;
		}
		if (!records) {
			return null;
		}
		if (startsWith(bytes, begin, end, PROXY_V1)) {
			return PROXY_HEADER;
		}
		if (startsWith(bytes, begin, end, TLS_HANDSHAKE) && begin + CLIENT_HELLO_INDEX < end
				&& bytes.get(begin + CLIENT_HELLO_INDEX) == CLIENT_HELLO) {
			return TLS;
		}
		return REQUESTS.stream().anyMatch((request) -> startsWith(bytes, begin, end, request)) ? HTTP : null;
	}

	private static boolean startsWith(ByteBuffer bytes, int begin, int end, byte[] prefix) {
		if (end - begin < prefix.length || bytes.get(begin) != prefix[0]) {
			return false;
		}
		for (int i = 1; i < prefix.length; i++) {
			if (bytes.get(begin + i) != prefix[i]) {
				return false;
			}
		}
		return true;
	}

}
