package io.weir.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

/**
 * A connection as its {@link ConnectionHandler} sees it. One thread may read while
 * another writes; a second reader or writer at the same time gets an
 * {@link IllegalStateException}. Once the connection has ended, for whatever reason,
 * reads and writes throw an {@link IOException}, and the handler's thread is interrupted
 * if it does not come back.
 * <p>
 * An exchange is what the peer sent and what it got for it. A server that stops closes a
 * connection between two exchanges, and waits for the end of one that has begun: a
 * connection stands between two while it waits in a read and nothing has been read since
 * the last exchange ended. A {@linkplain #write write} ends an exchange, unless
 * {@link #exchangeBegins()} was called; {@link #exchangeDone()} always does.
 */
public interface ClientConnection {

	/**
	 * The connection's number, unique in this process. The first one has 1.
	 */
	long id();

	/**
	 * The client's address and port; behind a trusted proxy, those of the PROXY header.
	 */
	InetSocketAddress peer();

	/**
	 * The address and port of the proxy that the client came by; null if it came itself.
	 */
	@Nullable InetSocketAddress via();

	/**
	 * This side's address and port.
	 */
	InetSocketAddress local();

	/**
	 * The subject of the client's certificate (RFC 2253); null without TLS, or if the
	 * client sent no certificate.
	 */
	@Nullable String tlsSubject();

	/**
	 * Reads what has come, and waits if nothing has.
	 * @param target where the bytes go; without room nothing is read, and 0 returned
	 * @return how many bytes were read, at least 1; -1 at the end of the stream
	 * @throws IOException if the read failed, or the connection has ended
	 */
	int read(ByteBuffer target) throws IOException;

	/**
	 * Writes all bytes, and waits while the peer does not read.
	 * @param source the bytes; nothing remains afterwards
	 * @throws IOException if the write failed, or the connection has ended
	 */
	void write(ByteBuffer source) throws IOException;

	/**
	 * The bytes that {@link #read} gives. Closing it ends the connection, once.
	 */
	InputStream inputStream();

	/**
	 * Writes as {@link #write} does, at once: there is nothing to flush. Closing it ends
	 * the connection, once.
	 */
	OutputStream outputStream();

	/**
	 * Says that from here until {@link #exchangeDone()} a write does not end the
	 * exchange.
	 */
	void exchangeBegins();

	/**
	 * Says that all that was read is served.
	 */
	void exchangeDone();

}
