package io.weir.monitor;

import org.jspecify.annotations.Nullable;

/**
 * Decides why a connection is slow, from what grew and never from totals. Allocates
 * nothing.
 */
final class CauseRules {

	private static final int MIN_TIMEOUTS = 2;

	private static final int MIN_UNANSWERED_MILLIS = 2_000;

	private static final int MIN_SEGMENTS_AGAIN = 3;

	private static final int MIN_RTT_MICROS = 1_000;

	private static final int MIN_UNREAD_MILLIS = 1_000;

	// In bytes per millisecond: who reads 100 MB/s is not slow, whatever the window says
	private static final long FAST = 100_000;

	private CauseRules() {
	}

	/**
	 * Decides.
	 * @param trend a connection's figures
	 * @param limits what bounds it
	 * @return null if nothing holds it up
	 */
	static @Nullable Cause decide(ConnectionTrend trend, DiagnosisLimits limits) {
		if (trend.timeouts() >= MIN_TIMEOUTS && trend.ackMillis() >= MIN_UNANSWERED_MILLIS) {
			return Cause.PEER_UNREACHABLE;
		}
		Cause cause = (trend.millis() > 0) ? byGrowth(trend, limits) : null;
		boolean unread = trend.unreadMillis() >= MIN_UNREAD_MILLIS;
		return (cause == null && unread) ? Cause.SERVER_READS_SLOWLY : cause;
	}

	private static @Nullable Cause byGrowth(ConnectionTrend trend, DiagnosisLimits limits) {
		if (trend.isHeldBack() && isLimit(trend, trend.windowLimitedMicros(), 2)
				&& trend.sentBytes() < trend.millis() * FAST) {
			return Cause.PEER_READS_SLOWLY;
		}
		boolean bounded = limits.sendBuffer() > 0 || trend.isSendBufferAtMaximum();
		if (bounded && ((trend.isWriting() && isBufferLimit(trend)) || isBufferFull(trend))) {
			return Cause.SEND_BUFFER_TOO_SMALL;
		}
		// An old kernel counts segments alone
		if (trend.sentAgainSegments() >= MIN_SEGMENTS_AGAIN && trend.sentBytes() > 0
				&& trend.sentAgainBytes() * 50 >= trend.sentBytes()) {
			return Cause.PATH_LOSES_PACKETS;
		}
		if (hasRoundTrips(trend) && trend.isHeldBack() && isBusy(trend) && isQueued(trend)) {
			return Cause.PATH_IS_SLOW;
		}
		if (hasRoundTrips(trend) && limits.receiveBuffer() > 0 && receiveShare(trend, limits) >= 0.8) {
			return Cause.RECEIVE_BUFFER_TOO_SMALL;
		}
		return null;
	}

	// A burst is over in some milliseconds, whatever limited it
	private static boolean isLimit(ConnectionTrend trend, long limitedMicros, int part) {
		return limitedMicros * part >= trend.busyMicros() && limitedMicros >= trend.millis() * 100L;
	}

	/**
	 * Whether the send buffer was the limit by the kernel's own clock.
	 */
	static boolean isBufferLimit(ConnectionTrend trend) {
		return isLimit(trend, trend.bufferLimitedMicros(), 5);
	}

	// The kernel starts its clock when it sends bytes while a writer already waits. Where
	// each write leaves at once and the next one waits for ACKs, it never runs
	private static boolean isBufferFull(ConnectionTrend trend) {
		return trend.isFull() && isBusy(trend) && hasRoundTrips(trend) && !isQueued(trend);
	}

	private static boolean hasRoundTrips(ConnectionTrend trend) {
		return trend.rttMicros() >= MIN_RTT_MICROS;
	}

	private static boolean isQueued(ConnectionTrend trend) {
		return trend.rttMicros() >= trend.minRttMicros() * 4L;
	}

	// Micros are 1,000 times the millis: busy for 95 % or more
	private static boolean isBusy(ConnectionTrend trend) {
		return trend.busyMicros() >= trend.millis() * 950L;
	}

	/**
	 * How much came, of what the receive buffer allows per round trip.
	 * @param trend a connection with a round-trip time
	 * @param limits with a receive buffer of fixed size, of which half carries data
	 * @return 1 is all
	 */
	static double receiveShare(ConnectionTrend trend, DiagnosisLimits limits) {
		double roundTrips = trend.millis() * 1000.0 / trend.rttMicros();
		return trend.receivedBytes() / (roundTrips * limits.receiveBuffer() / 2);
	}

}
