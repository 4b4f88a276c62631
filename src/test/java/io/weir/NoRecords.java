package io.weir;

import org.jspecify.annotations.Nullable;

import io.weir.records.RecordCounts;
import io.weir.records.RecordStatus;
import io.weir.records.WriteFault;

/**
 * Of a server whose records go nowhere.
 */
public final class NoRecords implements RecordStatus {

	@Override
	public boolean isWritten() {
		return false;
	}

	@Override
	public RecordCounts counts() {
		return new RecordCounts(0, 0);
	}

	@Override
	public @Nullable WriteFault fault() {
		return null;
	}

}
