package io.weir;

import java.util.List;

import io.weir.records.RecordFields;
import io.weir.records.RecordSinks;
import io.weir.struct.StructFormat;
import io.weir.transport.SocketAddresses;

/**
 * Of a server whose records go nowhere.
 */
public final class NoRecords {

	private NoRecords() {
	}

	public static RecordSinks create() {
		return new RecordSinks(RecordFields.of(List.of(), StructFormat.parse("B")), List.of(), null,
				SocketAddresses::text);
	}

}
