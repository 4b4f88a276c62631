package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.weir.connection.BufferPool;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionHandler;
import io.weir.struct.StructFormat;

/**
 * The recipe's exchange, in a loop: read up to a chunk and echo exactly that, then read
 * one whole record and unpack it. The stream may end before either.
 */
class EchoRecordHandler implements ConnectionHandler {

	private static final int KEPT_BUFFERS = 1024;

	private final int chunkSize;

	private final StructFormat recordFormat;

	private final BufferPool buffers;

	EchoRecordHandler(int chunkSize, StructFormat recordFormat) {
		this.chunkSize = chunkSize;
		this.recordFormat = recordFormat;
		this.buffers = new BufferPool(Math.max(chunkSize, recordFormat.size()), KEPT_BUFFERS);
	}

	@Override
	public CloseReason handle(Connection connection) throws IOException {
		ByteBuffer buffer = this.buffers.take();
		try {
			while (true) {
				if (connection.readNext(buffer.clear().limit(this.chunkSize)) < 0) {
					ExchangeLog.noData(connection);
					return CloseReason.END_OF_STREAM;
				}
				ExchangeLog.received(connection, buffer.flip());
				connection.write(buffer);
				ExchangeLog.sent(connection, buffer);
				if (!readRecord(connection, buffer.clear().limit(this.recordFormat.size()))) {
					return (buffer.position() == 0) ? CloseReason.END_OF_STREAM : CloseReason.PARTIAL_RECORD;
				}
			}
		}
		finally {
			this.buffers.give(buffer);
		}
	}

	// Returns whether there was a whole record before the end of the stream
	private boolean readRecord(Connection connection, ByteBuffer record) throws IOException {
		while (record.hasRemaining()) {
			if (connection.read(record) < 0) {
				if (record.position() == 0) {
					ExchangeLog.noData(connection);
				}
				else {
					ExchangeLog.partialRecord(connection, record.position(), record.limit());
				}
				return false;
			}
		}
		ExchangeLog.received(connection, record.flip());
		ExchangeLog.unpacked(connection, this.recordFormat.unpack(record));
		connection.countRecord();
		return true;
	}

}
