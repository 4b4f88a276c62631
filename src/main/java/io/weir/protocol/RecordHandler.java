package io.weir.protocol;

import java.io.IOException;

import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;
import io.weir.records.RecordSinks;
import io.weir.struct.StructFormat;
import io.weir.transport.BufferPool;

/**
 * A stream of whole records.
 *
 * @param format the form of a record, of at least one byte
 * @param pool where buffers come from
 * @param sinks get the records
 */
public record RecordHandler(StructFormat format, BufferPool pool, RecordSinks sinks) implements ConnectionHandler {

	@Override
	public void handle(ClientConnection connection) throws IOException {
		RecordReader records = new RecordReader(this.format, this.sinks);
		try (ConnectionInput input = new ConnectionInput(connection, this.pool)) {
			while (records.read(input)) {
				if (!input.bytes().hasRemaining()) {
					connection.exchangeDone();
				}
			}
		}
	}

}
