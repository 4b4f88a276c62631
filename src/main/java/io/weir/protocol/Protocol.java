package io.weir.protocol;

import java.util.Locale;

import io.weir.connection.ConnectionHandler;
import io.weir.struct.StructFormat;

/**
 * The protocols by name.
 */
public enum Protocol {

	/**
	 * The recipe's exchange: echo a chunk, then read a record.
	 */
	ECHO_RECORD {
		@Override
		public ConnectionHandler handler(int chunkSize, StructFormat recordFormat) {
			return new EchoRecordHandler(chunkSize, recordFormat);
		}
	},

	/**
	 * Every byte comes back (RFC 862).
	 */
	ECHO {
		@Override
		public ConnectionHandler handler(int chunkSize, StructFormat recordFormat) {
			return new EchoHandler();
		}
	},

	/**
	 * A stream of records.
	 */
	RECORD {
		@Override
		public ConnectionHandler handler(int chunkSize, StructFormat recordFormat) {
			return new RecordHandler(recordFormat);
		}
	},

	/**
	 * Reads and throws away (RFC 863).
	 */
	DISCARD {
		@Override
		public ConnectionHandler handler(int chunkSize, StructFormat recordFormat) {
			return new DiscardHandler();
		}
	};

	/**
	 * Creates the handler of this protocol, one for all connections.
	 * @param chunkSize how many bytes an echo unit has at the most, at least 1
	 * @param recordFormat the form of a record, of at least one byte
	 * @return the handler; a parameter that the protocol has no use for is ignored
	 */
	public abstract ConnectionHandler handler(int chunkSize, StructFormat recordFormat);

	/**
	 * The name as in the configuration.
	 * @return for instance {@code echo-record}
	 */
	public String text() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
