package io.weir.monitor;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * Writes a diagnosis for people, with the names that {@code ss -ti} gives the figures.
 */
final class DiagnosisText {

	// tcp_retransmit_timer of the kernel: the timeout doubles up to its greatest value
	private static final Duration LEAST_TIMEOUT = Duration.ofMillis(200);

	private static final Duration GREATEST_TIMEOUT = Duration.ofMinutes(2);

	private static final int DOUBLINGS = 9;

	private DiagnosisText() {
	}

	/**
	 * Writes.
	 * @param trend a connection's figures
	 * @param limits what bounds it
	 * @return null if nothing holds it up
	 */
	static @Nullable Diagnosis of(ConnectionTrend trend, DiagnosisLimits limits) {
		Cause cause = trend.cause();
		return (cause != null) ? new Diagnosis(cause, evidence(cause, trend, limits), remedy(cause, limits),
				Instant.ofEpochMilli(trend.since())) : null;
	}

	private static String evidence(Cause cause, ConnectionTrend trend, DiagnosisLimits limits) {
		return switch (cause) {
			case PEER_UNREACHABLE -> "no ACK for %s (lastack) and %d timeouts in a row (backoff); %s"
				.formatted(time(trend.ackMillis() * 1000L), trend.timeouts(), end(trend, limits));
			case PEER_READS_SLOWLY -> share(trend.windowLimitedMicros(), trend)
					+ " with data to send, the peer's receive window was the limit (rwnd_limited of busy)";
			case SEND_BUFFER_TOO_SMALL -> sendBuffer(trend, sendBuffer(limits));
			case PATH_LOSES_PACKETS ->
				"%s of the bytes were sent again (bytes_retrans of bytes_sent): %d of %d, %d segments in %s (retrans)"
					.formatted(percent((double) trend.sentAgainBytes() / trend.sentBytes()), trend.sentAgainBytes(),
							trend.sentBytes(), trend.sentAgainSegments(), time(trend.millis() * 1000L));
			case PATH_IS_SLOW ->
				"it carries %s (bytes_sent without bytes_retrans); the round-trip time is %s (rtt), %s at the least (minrtt); busy for %s of %s"
					.formatted(rate(Math.max(0, trend.sentBytes() - trend.sentAgainBytes()), trend),
							exact(trend.rttMicros()), exact(trend.minRttMicros()), time(trend.busyMicros()),
							time(trend.millis() * 1000L));
			case RECEIVE_BUFFER_TOO_SMALL ->
				"%s came (bytes_received), %s of what a receive buffer of %d bytes (rb; %d usable) allows with a round-trip time of %s (rtt)"
					.formatted(rate(trend.receivedBytes(), trend), percent(CauseRules.receiveShare(trend, limits)),
							limits.receiveBuffer(), limits.receiveBuffer() / 2, exact(trend.rttMicros()));
			case SERVER_READS_SLOWLY -> "%d bytes wait in the receive queue (Recv-Q)%s, and nothing was read for %s"
				.formatted(trend.receiveQueue(), held(trend), time(trend.unreadMillis() * 1000L));
		};
	}

	/**
	 * Writes what to do about a cause.
	 */
	static String remedy(Cause cause, DiagnosisLimits limits) {
		return switch (cause) {
			case PEER_UNREACHABLE ->
				"Peer or path: look whether the client's host is up and a firewall or NAT drops its "
						+ "packets; nothing here can reach it. A shorter tcp.server.write-timeout frees its place earlier";
			case PEER_READS_SLOWLY -> "Peer: its application has to read faster, or to have a larger receive buffer; "
					+ "this server can only wait. tcp.server.write-timeout ends one that reads nothing";
			case SEND_BUFFER_TOO_SMALL -> (limits.sendBuffer() > 0)
					? "This server: raise tcp.server.send-buffer-size (net.core.wmem_max bounds it), or leave it out: "
							+ "the kernel then tunes the buffer" + upTo("tcp_wmem", limits.sendMaximum())
					: "This host: raise the third value of net.ipv4.tcp_wmem, %d now, by sysctl -w%s"
						.formatted(limits.sendMaximum(), Evidence.SYSCTL_IN_CONTAINER);
			case PATH_LOSES_PACKETS ->
				"Path: look for where packets are lost between this host and the peer (a bad link, "
						+ "a full queue, a policer, a duplex or MTU mismatch); no setting of this server mends it";
			case PATH_IS_SLOW -> "Path: what is sent queues before its narrowest link. More bandwidth there, a client "
					+ "nearer to this host, or less to send; no setting of this server makes it faster";
			case RECEIVE_BUFFER_TOO_SMALL ->
				"This server: raise tcp.server.receive-buffer-size (net.core.rmem_max bounds "
						+ "it), or leave it out: the kernel then tunes the buffer"
						+ upTo("tcp_rmem", limits.receiveMaximum());
			case SERVER_READS_SLOWLY ->
				"This server: if there is a finding `records`, mend what it names; else its handler or a record sink "
						+ "is busy, or with tcp.server.threads=auto another connection of its event loop (see findings); "
						+ "move long work to threads of its own, or set tcp.server.threads to virtual or platform";
		};
	}

	private static String upTo(String sysctl, long maximum) {
		return " up to the third value of net.ipv4." + sysctl + ((maximum > 0) ? ", " + maximum : "");
	}

	private static String sendBuffer(ConnectionTrend trend, long size) {
		if (CauseRules.isBufferLimit(trend)) {
			return ("%s with data to send, the send buffer of %d bytes (tb; %d usable) was the limit "
					+ "(sndbuf_limited of busy)")
				.formatted(share(trend.bufferLimitedMicros(), trend), size, size / 2);
		}
		return ("the send buffer of %d bytes (tb; %d usable) is full of bytes that wait for their ACK (w of skmem; "
				+ "unacked), with none to be sent (notsent): it carries %s (bytes_sent) with a round-trip time of %s "
				+ "(rtt); busy for %s")
			.formatted(size, size / 2, rate(trend.sentBytes(), trend), exact(trend.rttMicros()),
					share(trend.busyMicros(), trend.millis() * 1000L));
	}

	// What ss does not see
	private static String held(ConnectionTrend trend) {
		return (trend.held() > 0) ? " and %d above it, in the layer of TLS or PROXY".formatted(trend.held()) : "";
	}

	// Whatever comes first ends it
	private static String end(ConnectionTrend trend, DiagnosisLimits limits) {
		Duration write = trend.isWriting() ? limits.writeTimeout() : Duration.ZERO;
		Duration idle = limits.idleTimeout();
		Duration kernel = limits.retries().isPresent() ? giveUpTime(limits.retries().getAsLong()) : Duration.ZERO;
		if (isFirst(write, idle, kernel)) {
			return "tcp.server.write-timeout ends it %s after the last ACK".formatted(TimeText.of(write));
		}
		if (isFirst(idle, kernel, kernel)) {
			return "tcp.server.idle-timeout ends it %s after the last byte".formatted(TimeText.of(idle));
		}
		return kernel.isZero() ? "the kernel ends it after net.ipv4.tcp_retries2 timeouts"
				: "the kernel ends it some %s after the first timeout (net.ipv4.tcp_retries2 is %d)"
					.formatted(TimeText.measured(kernel), limits.retries().getAsLong());
	}

	// Zero is never
	private static boolean isFirst(Duration time, Duration other, Duration third) {
		return !time.isZero() && (other.isZero() || time.compareTo(other) <= 0)
				&& (third.isZero() || time.compareTo(third) <= 0);
	}

	/**
	 * For how long the kernel sends a segment again, by its own estimate
	 * ({@code tcp_model_timeout}).
	 */
	static Duration giveUpTime(long retries) {
		long doubled = Math.min(retries, DOUBLINGS);
		return LEAST_TIMEOUT.multipliedBy((2L << doubled) - 1).plus(GREATEST_TIMEOUT.multipliedBy(retries - doubled));
	}

	private static long sendBuffer(DiagnosisLimits limits) {
		return (limits.sendBuffer() > 0) ? limits.sendBuffer() : limits.sendMaximum();
	}

	private static String share(long micros, ConnectionTrend trend) {
		return share(micros, trend.busyMicros());
	}

	private static String share(long micros, long all) {
		return time(micros) + " of " + time(all);
	}

	// Measured between two samples: to a tenth of a second
	private static String time(long micros) {
		return String.format(Locale.ROOT, "%.1f s", micros / 1e6);
	}

	private static String exact(long micros) {
		return TimeText.of(Duration.ofNanos(micros * 1000));
	}

	private static String percent(double share) {
		return String.format(Locale.ROOT, "%.1f %%", share * 100);
	}

	private static String rate(long bytes, ConnectionTrend trend) {
		double rate = bytes * 1000.0 / trend.millis();
		return (rate >= 1e6) ? String.format(Locale.ROOT, "%.1f MB/s", rate / 1e6)
				: String.format(Locale.ROOT, "%.1f KB/s", rate / 1e3);
	}

}
