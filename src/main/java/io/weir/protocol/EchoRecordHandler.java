package io.weir.protocol;

import java.io.IOException;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionHandler;
import io.weir.struct.StructFormat;

/**
 * The recipe's exchange, in a loop: read up to a chunk and echo exactly that, then read
 * one whole record and unpack it. The stream may end before either.
 */
class EchoRecordHandler implements ConnectionHandler {

	private final int chunkSize;

	private final StructFormat recordFormat;

	private final AdaptiveBuffer.Pools pools;

	EchoRecordHandler(int chunkSize, StructFormat recordFormat) {
		this.chunkSize = chunkSize;
		this.recordFormat = recordFormat;
		this.pools = new AdaptiveBuffer.Pools(chunkSize + recordFormat.size());
	}

	@Override
	public CloseReason handle(Connection connection) throws IOException {
		try (AdaptiveBuffer buffer = new AdaptiveBuffer(this.pools)) {
			return connection.repeat(new EchoRecordExchange(connection, buffer, this.chunkSize, this.recordFormat));
		}
	}

}
