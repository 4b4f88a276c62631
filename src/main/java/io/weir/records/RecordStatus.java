package io.weir.records;

import org.jspecify.annotations.Nullable;

/**
 * What is known of the records' way out. Safe for any thread.
 */
public interface RecordStatus {

	/**
	 * Whether there is an output, so that what is unpacked is written or waits.
	 */
	boolean isWritten();

	/**
	 * What became of the records so far.
	 */
	RecordCounts counts();

	/**
	 * Why records can't be written now.
	 * @return null if they can
	 */
	@Nullable WriteFault fault();

}
