package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.weir.connection.BufferPool;
import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionHandler;
import io.weir.struct.StructFormat;

/**
 * A stream of whole records, however they are split into segments.
 */
class RecordHandler implements ConnectionHandler {

	private static final int KEPT_BUFFERS = 1024;

	private static final int READ_SIZE = 4096;

	private final StructFormat recordFormat;

	private final BufferPool buffers;

	RecordHandler(StructFormat recordFormat) {
		this.recordFormat = recordFormat;
		this.buffers = new BufferPool(Math.max(READ_SIZE, recordFormat.size()), KEPT_BUFFERS);
	}

	@Override
	public CloseReason handle(Connection connection) throws IOException {
		ByteBuffer buffer = this.buffers.take();
		try {
			while (true) {
				int count = (buffer.position() == 0) ? connection.readNext(buffer) : connection.read(buffer);
				if (count < 0) {
					return end(connection, buffer.position());
				}
				unpackAll(connection, buffer.flip());
				buffer.compact();
			}
		}
		finally {
			this.buffers.give(buffer);
		}
	}

	private void unpackAll(Connection connection, ByteBuffer bytes) {
		int end = bytes.limit();
		int size = this.recordFormat.size();
		while (end - bytes.position() >= size) {
			int next = bytes.position() + size;
			bytes.limit(next);
			ExchangeLog.received(connection, bytes);
			ExchangeLog.unpacked(connection, this.recordFormat.unpack(bytes));
			connection.countRecord();
			bytes.limit(end).position(next);
		}
	}

	private CloseReason end(Connection connection, int partial) {
		if (partial == 0) {
			ExchangeLog.noData(connection);
			return CloseReason.END_OF_STREAM;
		}
		ExchangeLog.partialRecord(connection, partial, this.recordFormat.size());
		return CloseReason.PARTIAL_RECORD;
	}

}
