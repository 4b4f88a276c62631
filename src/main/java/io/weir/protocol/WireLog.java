package io.weir.protocol;

import java.nio.ByteBuffer;
import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

import io.weir.api.ClientConnection;
import io.weir.struct.PythonRepr;
import io.weir.struct.StructFormat;
import io.weir.transport.SocketAddresses;

/**
 * The lines that the recipe logs for each exchange, at DEBUG. What a peer sent is shown
 * as Python shows it and cut, so that no peer can forge a line.
 */
final class WireLog {

	private static final int MAX = 256;

	private static final Logger logger = LoggerFactory.getLogger(WireLog.class);

	private WireLog() {
	}

	/**
	 * Logs bytes that were read.
	 * @param bytes from position to limit; left as they are
	 */
	static void received(ClientConnection connection, ByteBuffer bytes) {
		if (logger.isDebugEnabled()) {
			event(connection).log("recv: {}", PythonRepr.ofBytesCut(bytes, MAX));
		}
	}

	/**
	 * Logs bytes that were written.
	 * @param bytes left as they are
	 * @param count how many of those before the position
	 */
	static void sent(ClientConnection connection, ByteBuffer bytes, int count) {
		if (logger.isDebugEnabled()) {
			event(connection).log("sent: {}", PythonRepr.ofBytesCut(bytes, bytes.position() - count, count, MAX));
		}
	}

	static void unpacked(ClientConnection connection, List<Object> values) {
		if (logger.isDebugEnabled()) {
			String tuple = StructFormat.repr(values);
			event(connection).log("recv unpacked: {}", (tuple.length() <= MAX) ? tuple
					: tuple.substring(0, MAX) + "... (" + tuple.length() + " characters)");
		}
	}

	static void partialRecord(ClientConnection connection, int discarded, int size) {
		if (logger.isDebugEnabled()) {
			event(connection).log("end of stream inside a record: {} of {} bytes came and are discarded", discarded,
					size);
		}
	}

	static void noData(ClientConnection connection) {
		if (logger.isDebugEnabled()) {
			event(connection).log("no data");
		}
	}

	private static LoggingEventBuilder event(ClientConnection connection) {
		return logger.atDebug()
			.addKeyValue("connection", connection.id())
			.addKeyValue("peer", SocketAddresses.text(connection.peer()));
	}

}
