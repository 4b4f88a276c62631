package io.weir.monitor;

import org.jspecify.annotations.Nullable;

/**
 * The kernel's figures of all connections, summed up.
 *
 * @param roundTripTimes null where no connection has one
 * @param receiveQueues bytes received that the process has not read
 * @param sendQueues bytes sent that no peer has acknowledged
 */
public record SampleSummary(@Nullable RoundTripTimes roundTripTimes, long receiveQueues, long sendQueues) {

	/**
	 * Smoothed round-trip times over all connections, in microseconds.
	 *
	 * @param min the least
	 * @param median the middle one
	 * @param max the greatest
	 */
	public record RoundTripTimes(long min, long median, long max) {
	}

}
