package io.weir.monitor;

import java.util.Map;

import io.weir.records.RecordSinks;
import io.weir.records.WriteFault;

/**
 * Findings about records that can't be written. Runs after {@link CapacityFindings}: a
 * stall fills all places, and its remedy comes first then.
 */
record RecordFindings(RecordSinks records) implements Evidence.Rule {

	private static final String FIRST = "First see the finding `records`: connections that wait for it keep their "
			+ "places, also when their peer has gone. ";

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		WriteFault fault = this.records.fault();
		if (fault != null) {
			findings.put(FindingKind.RECORDS_NOT_WRITTEN, new Finding("records",
					"for %s no record could be written to %s: %s".formatted(TimeText.measured(fault.lasting()),
							fault.output(), fault.reason()),
					"Connections that bring records wait meanwhile. For a file or a pipe, writing is tried again: make "
							+ "room on the disk, correct the rights of the file and its folder, or have the pipe read. "
							+ "For a sink, look whether what it sends to answers: its lines in the log"));
			findings.computeIfPresent(FindingKind.FULL_FOR_LONG,
					(kind, full) -> new Finding(full.setting(), full.message(), FIRST + full.remedy()));
		}
	}

}
