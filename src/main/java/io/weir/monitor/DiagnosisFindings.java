package io.weir.monitor;

import java.util.Map;

/**
 * Findings about causes that many connections share.
 */
record DiagnosisFindings(Diagnoses diagnoses) implements Evidence.Rule {

	private static final int MIN_CONNECTIONS = 10;

	private static final int PART = 10;

	@Override
	public void find(Evidence evidence, Map<FindingKind, Finding> findings) {
		Diagnoses.Counts counts = this.diagnoses.counts();
		if (counts == null || counts.connections() < MIN_CONNECTIONS) {
			return;
		}
		counts.causes().forEach((cause, count) -> {
			if (count * PART > counts.connections()) {
				findings.put(kind(cause),
						new Finding("connections",
								"%d of %d are slow for one cause: %s".formatted(count, counts.connections(),
										cause.text()),
								this.diagnoses.remedy(cause)
										+ ". /actuator/tcpconnections?diagnosed=true has the evidence of each"));
			}
		});
	}

	private static FindingKind kind(Cause cause) {
		return switch (cause) {
			case PEER_UNREACHABLE -> FindingKind.PEERS_UNREACHABLE;
			case PEER_READS_SLOWLY -> FindingKind.PEERS_READ_SLOWLY;
			case SEND_BUFFER_TOO_SMALL -> FindingKind.SEND_BUFFERS_TOO_SMALL;
			case PATH_LOSES_PACKETS -> FindingKind.PATHS_LOSE_PACKETS;
			case PATH_IS_SLOW -> FindingKind.PATHS_ARE_SLOW;
			case RECEIVE_BUFFER_TOO_SMALL -> FindingKind.RECEIVE_BUFFERS_TOO_SMALL;
			case SERVER_READS_SLOWLY -> FindingKind.SERVER_READS_SLOWLY;
		};
	}

}
