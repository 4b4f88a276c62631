package io.weir.actuate;

import java.util.OptionalDouble;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;

import io.weir.monitor.Cause;
import io.weir.monitor.Diagnoses;

/**
 * The meters of slow connections, by the cause. While that isn't known there are none.
 */
public class DiagnosisMetrics implements MeterBinder {

	private final Diagnoses diagnoses;

	private final MeterRefresher refresher;

	public DiagnosisMetrics(Diagnoses diagnoses, MeterRefresher refresher) {
		this.diagnoses = diagnoses;
		this.refresher = refresher;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		for (Cause cause : Cause.values()) {
			this.refresher
				.add(new OptionalGauge(registry, "tcp.server.diagnosed.connections", Tags.of("cause", cause.text()),
						"connections", "Connections that are slow now, by the cause", () -> count(cause))::refresh);
		}
	}

	private OptionalDouble count(Cause cause) {
		Diagnoses.Counts counts = this.diagnoses.counts();
		return (counts != null) ? OptionalDouble.of(counts.of(cause)) : OptionalDouble.empty();
	}

}
