package io.weir.monitor;

import io.weir.connection.CloseReason;
import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.records.RecordCounts;
import io.weir.records.RecordSinks;

/**
 * What became of all records so far.
 *
 * @param unpacked how many were unpacked
 * @param partial how many were cut off by an end of stream
 * @param written how many lines the output has taken
 * @param failed how many had a sink that threw, or could not be written at the end
 * @param pending how many were taken and are not written yet; 0 without an output
 */
public record RecordTotals(long unpacked, long partial, long written, long failed, long pending) {

	/**
	 * Sums up.
	 * @param counts read before the totals, so that pending is never negative
	 */
	static RecordTotals of(RecordCounts counts, Totals totals, RecordSinks records) {
		return new RecordTotals(totals.records(), totals.closed(CloseReason.PARTIAL_RECORD), counts.written(),
				counts.failed(), records.isWritten() ? counts.pending(totals.records()) : 0);
	}

}
