package io.weir.records;

/**
 * What became of records.
 *
 * @param written how many lines the output has taken
 * @param failed how many had a sink that threw, or could not be written at the end
 */
public record RecordCounts(long written, long failed) {

	/**
	 * How many were unpacked and are neither written nor failed.
	 * @param unpacked how many were unpacked, read after these counts
	 */
	public long pending(long unpacked) {
		return unpacked - this.written - this.failed;
	}

}
