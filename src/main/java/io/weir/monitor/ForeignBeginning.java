package io.weir.monitor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * The bytes that a connection of another protocol begins with.
 */
final class ForeignBeginning {

	/**
	 * The most bytes that one has.
	 */
	static final int MAX_LENGTH = 16;

	private static final char ANY = '?';

	private static final ForeignBeginning PROXY_V1 = new ForeignBeginning(ForeignProtocol.PROXY_HEADER, "PROXY ");

	private static final ForeignBeginning PROXY_V2 = new ForeignBeginning(ForeignProtocol.PROXY_HEADER,
			"\r\n\r\n\0\r\nQUIT\n");

	// RFC 8446, 5.1 and 4: a record of the type handshake with a ClientHello, version
	// 3.x and any length
	private static final ForeignBeginning TLS = new ForeignBeginning(ForeignProtocol.TLS, "\26\3???\1");

	// RFC 9110, 9.1, and the first line of HTTP/2, RFC 9113, 3.4
	private static final List<String> REQUESTS = List.of("GET /", "HEAD /", "POST /", "PUT /", "DELETE /", "OPTIONS /",
			"OPTIONS * HTTP/", "PATCH /", "TRACE /", "CONNECT ", "GET http", "PRI * HTTP/2.0");

	/**
	 * Those that are no data whatever the protocol is.
	 */
	static final List<ForeignBeginning> INSTEAD_OF_DATA = List.of(PROXY_V2);

	/**
	 * Those that are no TLS and are no plain text either.
	 */
	static final List<ForeignBeginning> INSTEAD_OF_TLS = List.of(PROXY_V1, PROXY_V2);

	/**
	 * Those that are no records, to which text is no data.
	 */
	static final List<ForeignBeginning> INSTEAD_OF_RECORDS = Stream
		.concat(Stream.of(PROXY_V1, PROXY_V2, TLS),
				REQUESTS.stream().map((request) -> new ForeignBeginning(ForeignProtocol.HTTP, request)))
		.toList();

	private final ForeignProtocol protocol;

	private final byte[] bytes;

	private ForeignBeginning(ForeignProtocol protocol, String bytes) {
		this.protocol = protocol;
		this.bytes = bytes.getBytes(StandardCharsets.ISO_8859_1);
	}

	ForeignProtocol protocol() {
		return this.protocol;
	}

	int length() {
		return this.bytes.length;
	}

	/**
	 * Whether bytes are these, as far as they have come.
	 * @param source where the bytes are
	 * @param begin the index of the first
	 * @param end the index after the last
	 */
	boolean agrees(ByteBuffer source, int begin, int end) {
		int count = Math.min(end - begin, this.bytes.length);
		for (int i = 0; i < count; i++) {
			if (this.bytes[i] != source.get(begin + i) && this.bytes[i] != ANY) {
				return false;
			}
		}
		return true;
	}

}
