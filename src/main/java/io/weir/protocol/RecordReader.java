package io.weir.protocol;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

import io.weir.api.ClientConnection;
import io.weir.struct.StructFormat;

/**
 * Reads whole records, however they are split into segments: unpacks, logs and counts
 * them.
 */
final class RecordReader {

	private final StructFormat format;

	/**
	 * Creates a reader.
	 * @param format the form of a record, of at least one byte
	 */
	RecordReader(StructFormat format) {
		this.format = format;
	}

	/**
	 * Reads one record.
	 * @param input where from
	 * @return false if the stream ended before its first byte
	 * @throws EOFException if the stream ended inside it
	 * @throws IOException if a read failed, or the connection has ended
	 */
	boolean read(ConnectionInput input) throws IOException {
		int size = this.format.size();
		ClientConnection connection = input.connection();
		if (!input.await(size)) {
			int came = input.bytes().remaining();
			if (came == 0) {
				WireLog.noData(connection);
				return false;
			}
			WireLog.partialRecord(connection, came, size);
			throw new EOFException("the stream ended inside a record: " + came + " of " + size + " bytes came");
		}
		unpack(connection, input.bytes());
		input.recordUnpacked();
		return true;
	}

	private void unpack(ClientConnection connection, ByteBuffer bytes) {
		int end = bytes.limit();
		int next = bytes.position() + this.format.size();
		bytes.limit(next);
		WireLog.received(connection, bytes);
		List<Object> values = this.format.unpack(bytes);
		WireLog.unpacked(connection, values);
		bytes.limit(end).position(next);
	}

}
