package io.weir.protocol;

import io.weir.NoRecords;
import io.weir.api.ConnectionHandler;
import io.weir.struct.StructFormat;
import io.weir.transport.BufferPool;

/**
 * The built-in protocols, to run a test with each.
 */
public enum Protocol {

	ECHO_RECORD, ECHO, RECORD, DISCARD;

	public ConnectionHandler handler(int chunkSize, StructFormat recordFormat) {
		BufferPool pool = BufferPool.direct();
		return switch (this) {
			case ECHO_RECORD -> new EchoRecordHandler(chunkSize, recordFormat, pool, NoRecords.create());
			case ECHO -> new EchoHandler(pool);
			case RECORD -> new RecordHandler(recordFormat, pool, NoRecords.create());
			case DISCARD -> new DiscardHandler(pool);
		};
	}

}
