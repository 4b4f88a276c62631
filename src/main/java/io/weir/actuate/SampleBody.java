package io.weir.actuate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import org.jspecify.annotations.Nullable;

import io.weir.monitor.ConnectionSampler;
import io.weir.monitor.OpenConnections;
import io.weir.monitor.SampleSummary;
import io.weir.monitor.SampleSummary.RoundTripTimes;

/**
 * The kernel's last sample of all connections, summed up.
 *
 * @param rttMicros smoothed round-trip times; null where no connection has one
 * @param retransmits segments sent again so far; null where the kernel doesn't tell
 * @param blockedWriters connections whose write has been blocked for 1 s or longer
 */
@JsonInclude(Include.ALWAYS)
record SampleBody(@Nullable RoundTripTimes rttMicros, @Nullable Long retransmits, long blockedWriters) {

	static SampleBody of(ConnectionSampler sampler, OpenConnections connections) {
		SampleSummary summary = sampler.summary();
		return new SampleBody((summary != null) ? summary.roundTripTimes() : null,
				sampler.knowsRetransmits() ? sampler.retransmits() : null, connections.blockedWriters());
	}

}
