package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionHandler;
import io.weir.struct.StructFormat;

/**
 * A stream of whole records, however they are split into segments.
 */
class RecordHandler implements ConnectionHandler {

	private final StructFormat recordFormat;

	private final AdaptiveBuffer.Pools pools;

	RecordHandler(StructFormat recordFormat) {
		this.recordFormat = recordFormat;
		this.pools = new AdaptiveBuffer.Pools(recordFormat.size());
	}

	@Override
	public CloseReason handle(Connection connection) throws IOException {
		try (AdaptiveBuffer adaptive = new AdaptiveBuffer(this.pools)) {
			return connection.repeat(() -> unpack(connection, adaptive));
		}
	}

	private @Nullable CloseReason unpack(Connection connection, AdaptiveBuffer adaptive) throws IOException {
		ByteBuffer buffer = adaptive.buffer();
		int count = (buffer.position() == 0) ? connection.readNext(buffer) : connection.read(buffer);
		if (count < 0) {
			return end(connection, buffer.position());
		}
		unpackAll(connection, buffer.flip());
		buffer.compact();
		adaptive.fit(count);
		return null;
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
