package io.weir.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;
import io.weir.records.RecordSinks;
import io.weir.struct.StructFormat;
import io.weir.transport.BufferPool;

/**
 * The recipe's exchange, in a loop: read up to a chunk and echo exactly that, then read
 * one whole record and unpack it. The stream may end before either.
 *
 * @param chunkSize how many bytes an echo unit has at most, at least 1
 * @param format the form of a record, of at least one byte
 * @param pool where buffers come from
 * @param sinks get the records
 */
public record EchoRecordHandler(int chunkSize, StructFormat format, BufferPool pool,
		RecordSinks sinks) implements ConnectionHandler {

	@Override
	public void handle(ClientConnection connection) throws IOException {
		RecordReader records = new RecordReader(this.format, this.sinks);
		try (ConnectionInput input = new ConnectionInput(connection, this.pool)) {
			boolean more = true;
			while (more && input.await(1)) {
				connection.exchangeBegins();
				echoUnit(input);
				more = records.read(input);
				connection.exchangeDone();
			}
			if (more) {
				WireLog.noData(connection);
			}
		}
	}

	// A unit is a whole chunk, or all that has come, be it still queued in the kernel: so
	// its first part is not written before it is known whether more of it has come
	private void echoUnit(ConnectionInput input) throws IOException {
		int left = this.chunkSize;
		boolean more = true;
		while (more) {
			more = input.bytes().remaining() < left && input.isMoreQueued();
			left -= echo(input.connection(), input.bytes(), left);
			if (more) {
				more = input.read();
			}
		}
	}

	private static int echo(ClientConnection connection, ByteBuffer bytes, int max) throws IOException {
		int end = bytes.limit();
		int size = Math.min(max, bytes.remaining());
		bytes.limit(bytes.position() + size);
		WireLog.received(connection, bytes);
		connection.write(bytes);
		WireLog.sent(connection, bytes, size);
		bytes.limit(end);
		return size;
	}

}
