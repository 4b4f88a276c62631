package io.weir.actuate;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

import io.weir.monitor.Diagnosis;

/**
 * A diagnosis as endpoints show it.
 */
record DiagnosisBody(String cause, String evidence, String remedy, Instant since) {

	static @Nullable DiagnosisBody of(@Nullable Diagnosis diagnosis) {
		return (diagnosis != null) ? new DiagnosisBody(diagnosis.cause().text(), diagnosis.evidence(),
				diagnosis.remedy(), diagnosis.since()) : null;
	}

}
