package io.weir.protocol;

import java.io.IOException;

import org.jspecify.annotations.Nullable;

import io.weir.api.ClientConnection;
import io.weir.api.ConnectionHandler;
import io.weir.records.RecordSinks;
import io.weir.struct.StructFormat;
import io.weir.transport.BufferPool;

/**
 * A stream of whole records.
 */
public final class RecordHandler implements ConnectionHandler {

	private final RecordReader records;

	private final BufferPool pool;

	/**
	 * Creates the protocol.
	 * @param recordFormat the form of a record, of at least one byte
	 * @param pool where buffers come from
	 * @param sinks get the records; null if nothing does
	 */
	public RecordHandler(StructFormat recordFormat, BufferPool pool, @Nullable RecordSinks sinks) {
		this.records = new RecordReader(recordFormat, sinks);
		this.pool = pool;
	}

	@Override
	public void handle(ClientConnection connection) throws IOException {
		try (ConnectionInput input = new ConnectionInput(connection, this.pool)) {
			while (this.records.read(input)) {
				if (!input.bytes().hasRemaining()) {
					connection.exchangeDone();
				}
			}
		}
	}

}
