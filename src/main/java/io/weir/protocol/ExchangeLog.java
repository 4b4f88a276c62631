package io.weir.protocol;

import java.nio.ByteBuffer;
import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

import io.weir.connection.Connection;
import io.weir.struct.PythonRepr;
import io.weir.struct.StructFormat;

/**
 * The lines that the recipe logs for each exchange, at DEBUG. What a peer sent is shown
 * as Python shows it and cut, so that no peer can forge a line.
 */
final class ExchangeLog {

	private static final int MOST = 256;

	private static final Logger logger = LoggerFactory.getLogger(ExchangeLog.class);

	private ExchangeLog() {
	}

	/**
	 * Logs bytes that were read.
	 * @param bytes from position to limit; left as they are
	 */
	static void received(Connection connection, ByteBuffer bytes) {
		if (logger.isDebugEnabled()) {
			event(connection).log("recv: {}", PythonRepr.ofBytesCut(bytes, MOST));
		}
	}

	/**
	 * Logs bytes that were read.
	 * @param bytes left as they are
	 */
	static void received(Connection connection, ByteBuffer bytes, int index, int length) {
		if (logger.isDebugEnabled()) {
			event(connection).log("recv: {}", PythonRepr.ofBytesCut(bytes, index, length, MOST));
		}
	}

	/**
	 * Logs bytes that were written.
	 * @param bytes from 0 to position; left as they are
	 */
	static void sent(Connection connection, ByteBuffer bytes) {
		if (logger.isDebugEnabled()) {
			event(connection).log("sent: {}", PythonRepr.ofBytesCut(bytes.duplicate().flip(), MOST));
		}
	}

	static void unpacked(Connection connection, List<Object> values) {
		if (logger.isDebugEnabled()) {
			String tuple = StructFormat.repr(values);
			event(connection).log("recv unpacked: {}", (tuple.length() <= MOST) ? tuple
					: tuple.substring(0, MOST) + "... (" + tuple.length() + " characters)");
		}
	}

	static void partialRecord(Connection connection, int discarded, int size) {
		if (logger.isDebugEnabled()) {
			event(connection).log("end of stream inside a record: {} of {} bytes came and are discarded", discarded,
					size);
		}
	}

	static void noData(Connection connection) {
		if (logger.isDebugEnabled()) {
			event(connection).log("no data");
		}
	}

	private static LoggingEventBuilder event(Connection connection) {
		return connection.fields(logger.atDebug());
	}

}
