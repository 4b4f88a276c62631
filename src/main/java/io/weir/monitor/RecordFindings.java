package io.weir.monitor;

import java.util.Map;

import io.weir.records.RecordSinks;
import io.weir.records.WriteFault;

/**
 * Findings about records that can't be written.
 */
record RecordFindings(RecordSinks records) implements Evidence.Rule {

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		WriteFault fault = this.records.fault();
		if (fault != null) {
			findings.put(FindingKind.RECORDS_NOT_WRITTEN, new Finding("records",
					"for %s no record could be written to %s: %s".formatted(TimeText.measured(fault.lasting()),
							fault.output(), fault.reason()),
					"Nothing is lost: connections that bring records wait, and writing is tried again. Make room "
							+ "on the disk, correct the rights of the file and its folder, or have the pipe read"));
		}
	}

}
