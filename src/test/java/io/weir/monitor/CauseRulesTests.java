package io.weir.monitor;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.weir.connection.ConnectionState;
import io.weir.kernel.TcpInfoField;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CauseRules}, {@link ConnectionTrend} and {@link DiagnosisText}, with
 * figures as the kernel had them on real networks of these kinds.
 */
class CauseRulesTests {

	private static final DiagnosisLimits TUNED = limits(0, 0);

	private static final DiagnosisLimits FIXED = limits(16_384, 16_384);

	private static DiagnosisLimits limits(long receiveBuffer, long sendBuffer) {
		return new DiagnosisLimits(receiveBuffer, 33_554_432, sendBuffer, 4_194_304, Duration.ofSeconds(30),
				Duration.ofMinutes(5), OptionalLong.of(15));
	}

	private final ConnectionTrend trend = new ConnectionTrend();

	// Totals of a long life that must not matter
	private final Figures figures = new Figures().with(TcpInfoField.BUSY_MICROS, 90_000_000_000L)
		.with(TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS, 80_000_000_000L)
		.with(TcpInfoField.SEND_BUFFER_LIMITED_MICROS, 5_000_000_000L)
		.with(TcpInfoField.BYTES_SENT, 7_000_000_000_000L)
		.with(TcpInfoField.BYTES_RETRANSMITTED, 900_000_000_000L)
		.with(TcpInfoField.RETRANSMITS, 4_000_000_000L)
		.with(TcpInfoField.BYTES_RECEIVED, 3_000_000_000_000L)
		.with(TcpInfoField.RTT_MICROS, 44)
		.with(TcpInfoField.MIN_RTT_MICROS, 3)
		.with(TcpInfoField.RECEIVE_QUEUE, 0)
		.with(TcpInfoField.SEND_BUFFER, 2_600_000)
		.with(TcpInfoField.LAST_ACK_RECEIVED_MILLIS, 0)
		.with(TcpInfoField.CONSECUTIVE_TIMEOUTS, 0)
		.with(TcpInfoField.NOT_SENT, 460_000);

	private int now = Integer.MAX_VALUE - 3_000;

	private void sample(ConnectionState state) {
		this.trend.add(this.figures, state, 1_000, 0, this.now, 1_000, TUNED.sendMaximum());
		this.now += 1_000;
	}

	// So many seconds, with a sample a second
	private @Nullable Cause after(int seconds, ConnectionState state, Map<TcpInfoField, Long> growth,
			DiagnosisLimits limits) {
		sample(state);
		Cause cause = null;
		for (int i = 0; i < seconds; i++) {
			growth.forEach(this.figures::add);
			sample(state);
			cause = CauseRules.decide(this.trend, limits);
		}
		this.trend.diagnosed(cause, 1_000);
		return cause;
	}

	private String evidence(DiagnosisLimits limits) {
		return Objects.requireNonNull(DiagnosisText.of(this.trend, limits)).evidence();
	}

	private static Map<TcpInfoField, Long> growth(long busyMillis, long windowMillis, long bufferMillis) {
		return new EnumMap<>(Map.of(TcpInfoField.BUSY_MICROS, busyMillis * 1_000,
				TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS, windowMillis * 1_000,
				TcpInfoField.SEND_BUFFER_LIMITED_MICROS, bufferMillis * 1_000, TcpInfoField.BYTES_SENT, 10_000_000L));
	}

	private static Map<TcpInfoField, Long> sentAgain(long sent, long bytes, long segments) {
		return new EnumMap<>(Map.of(TcpInfoField.BYTES_SENT, sent, TcpInfoField.BYTES_RETRANSMITTED, bytes,
				TcpInfoField.RETRANSMITS, segments));
	}

	@Test
	void whenThePeersWindowWasTheLimitThenItReadsSlowly() {
		assertThat(after(3, ConnectionState.WRITING, growth(1_000, 1_000, 0), TUNED))
			.isEqualTo(Cause.PEER_READS_SLOWLY);
		assertThat(evidence(TUNED)).startsWith("3.0 s of 3.0 s ").contains("rwnd_limited");
	}

	@ParameterizedTest
	@CsvSource({ "1000, 500, PEER_READS_SLOWLY", "1000, 499, ", "200, 110, PEER_READS_SLOWLY", "150, 90, ", "0, 0, " })
	void whenTheWindowWasTheLimitForHalfOfTheBusyTimeThenItIsTheCause(long busy, long window, @Nullable Cause cause) {
		assertThat(after(4, ConnectionState.WRITING, growth(busy, window, 0), TUNED)).isEqualTo(cause);
	}

	// Over loopback the reader is always the slower one
	@ParameterizedTest
	@CsvSource({ "99000000, PEER_READS_SLOWLY", "101000000, " })
	void whoReadsAHundredMegabytesASecondIsNotSlow(long sent, @Nullable Cause cause) {
		Map<TcpInfoField, Long> growth = growth(1_000, 900, 0);
		growth.put(TcpInfoField.BYTES_SENT, sent);
		assertThat(after(3, ConnectionState.WRITING, growth, TUNED)).isEqualTo(cause);
	}

	// As in a chat whose peer delays its ACKs: busy and the round trip say nothing
	@Test
	void whenASampleMeetsAWriteThatWaitsForNothingThenItIsNotSlow() {
		this.figures.with(TcpInfoField.NOT_SENT, 0)
			.with(TcpInfoField.RTT_MICROS, 10_100)
			.with(TcpInfoField.MIN_RTT_MICROS, 20);
		assertThat(after(4, ConnectionState.WRITING, growth(1_000, 600, 0), TUNED)).isNull();
	}

	@Test
	void whenNoWriteWaitsThenNoWriteIsSlow() {
		assertThat(after(4, ConnectionState.READING, growth(1_000, 1_000, 500), FIXED)).isNull();
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 1 })
	void whenTheWindowGrewTooShortATimeThenNothingIsSaid(int seconds) {
		assertThat(after(seconds, ConnectionState.WRITING, growth(1_000, 1_000, 0), TUNED)).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "200, SEND_BUFFER_TOO_SMALL", "199, ", "40, " })
	void whenTheFixedSendBufferWasTheLimitThenItIsTooSmall(long limited, @Nullable Cause cause) {
		assertThat(after(4, ConnectionState.WRITING, growth(1_000, 0, limited), FIXED)).isEqualTo(cause);
	}

	@Test
	void whenTheKernelTunesTheSendBufferThenItIsNamedOnlyAtItsMaximum() {
		assertThat(after(4, ConnectionState.WRITING, growth(1_000, 0, 900), TUNED)).isNull();
		this.figures.with(TcpInfoField.SEND_BUFFER, 4_194_304);
		assertThat(after(4, ConnectionState.WRITING, growth(1_000, 0, 900), TUNED))
			.isEqualTo(Cause.SEND_BUFFER_TOO_SMALL);
		Diagnosis diagnosis = Objects.requireNonNull(DiagnosisText.of(this.trend, TUNED));
		assertThat(diagnosis.evidence()).contains("3.6 s of 4.0 s", "4194304 bytes", "sndbuf_limited");
		assertThat(diagnosis.remedy()).contains("net.ipv4.tcp_wmem, 4194304 now");
	}

	@Test
	void theRemedyOfASmallSendBufferIsTheSettingThatMadeIt() {
		assertThat(after(4, ConnectionState.WRITING, growth(1_000, 0, 900), FIXED))
			.isEqualTo(Cause.SEND_BUFFER_TOO_SMALL);
		Diagnosis diagnosis = Objects.requireNonNull(DiagnosisText.of(this.trend, FIXED));
		assertThat(diagnosis.evidence()).contains("16384 bytes (tb; 8192 usable)");
		assertThat(diagnosis.remedy()).contains("raise tcp.server.send-buffer-size", "tcp_wmem, 4194304");
	}

	@ParameterizedTest
	@CsvSource({ "100000, 2100, 2, PATH_LOSES_PACKETS", "100000, 1900, 2, ", "20000, 5000, 1, PATH_LOSES_PACKETS",
			"1000000000000, 2000000, 2000, " })
	void whenTwoPercentAreSentAgainThenThePathLosesPackets(long sent, long again, long segments,
			@Nullable Cause cause) {
		assertThat(after(3, ConnectionState.READING, sentAgain(sent, again, segments), TUNED)).isEqualTo(cause);
	}

	@Test
	void whenFewerThanThreeSegmentsAreSentAgainThenItIsNoLoss() {
		sample(ConnectionState.READING);
		sentAgain(1_000, 500, 2).forEach(this.figures::add);
		for (int i = 0; i < 4; i++) {
			sample(ConnectionState.READING);
			assertThat(CauseRules.decide(this.trend, TUNED)).isNull();
		}
	}

	@Test
	void theEvidenceOfLossIsBytesAndSegments() {
		after(3, ConnectionState.WRITING, sentAgain(100_000, 4_100, 3), TUNED);
		assertThat(evidence(TUNED))
			.isEqualTo(
					"4.1 % of the bytes were sent again (bytes_retrans of bytes_sent): 12300 of 299968, 9 segments in "
							+ "3.0 s (retrans)")
			.doesNotContain("900000000000");
	}

	@ParameterizedTest
	@CsvSource({ "950, 6600, 10, PATH_IS_SLOW", "949, 6600, 10, ", "1000, 999, 10, ", "1000, 1000, 250, PATH_IS_SLOW",
			"1000, 1000, 251, ", "1000, 40000, 20000, " })
	void whenARoundTripTakesFourTimesTheLeastThenThePathIsSlow(long busy, long rtt, long minRtt,
			@Nullable Cause cause) {
		this.figures.with(TcpInfoField.RTT_MICROS, rtt).with(TcpInfoField.MIN_RTT_MICROS, minRtt);
		Map<TcpInfoField, Long> growth = growth(busy, 0, 0);
		growth.put(TcpInfoField.BYTES_SENT, 2_400_000L);
		assertThat(after(3, ConnectionState.WRITING, growth, TUNED)).isEqualTo(cause);
		if (cause != null && rtt == 6600) {
			assertThat(evidence(TUNED)).contains("2.4 MB/s", "6.6 ms (rtt), 0.01 ms at the least (minrtt)");
		}
	}

	// 100 bytes at a time over 20 ms: the kernel's clock of the send buffer stands still
	@ParameterizedTest
	@CsvSource({ "16776, 0, 18, 144, 1000, 22300, 20036, SEND_BUFFER_TOO_SMALL",
			"10923, 0, 18, 144, 950, 22300, 20036, SEND_BUFFER_TOO_SMALL", "10922, 0, 18, 144, 1000, 22300, 20036, ",
			"16776, 1, 18, 144, 1000, 22300, 20036, ", "16776, 0, 144, 144, 1000, 22300, 20036, ",
			"16776, 0, 18, 144, 949, 22300, 20036, ", "16776, 0, 18, 144, 1000, 22300, 5575, ",
			"16776, 0, 18, 144, 1000, 999, 900, " })
	void whenTheFixedSendBufferIsFullOfWhatIsSentThenItIsTooSmall(long used, long notSent, long unacked, long window,
			long busy, long rtt, long minRtt, @Nullable Cause cause) {
		this.figures.with(TcpInfoField.SEND_BUFFER, 16_384)
			.with(TcpInfoField.SEND_BUFFER_USED, used)
			.with(TcpInfoField.NOT_SENT, notSent)
			.with(TcpInfoField.UNACKED, unacked)
			.with(TcpInfoField.CONGESTION_WINDOW, window)
			.with(TcpInfoField.RTT_MICROS, rtt)
			.with(TcpInfoField.MIN_RTT_MICROS, minRtt);
		Map<TcpInfoField, Long> growth = growth(busy, 0, 0);
		growth.put(TcpInfoField.BYTES_SENT, 143_200L);
		assertThat(after(5, ConnectionState.WRITING, growth, FIXED)).isEqualTo(cause);
		if (cause != null && busy == 1000) {
			assertThat(evidence(FIXED)).isEqualTo("the send buffer of 16384 bytes (tb; 8192 usable) is full of bytes "
					+ "that wait for their ACK (w of skmem; unacked), with none to be sent (notsent): it carries "
					+ "143.2 KB/s (bytes_sent) with a round-trip time of 22.3 ms (rtt); busy for 5.0 s of 5.0 s");
		}
		assertThat(CauseRules.decide(this.trend, TUNED)).isNull();
		assertThat(after(3, ConnectionState.READING, growth, FIXED)).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "10000, 660000, RECEIVE_BUFFER_TOO_SMALL", "10000, 640000, ", "999, 66000000, " })
	void whenWhatCameIsWhatTheFixedReceiveBufferAllowsThenItIsTooSmall(long rtt, long received, @Nullable Cause cause) {
		this.figures.with(TcpInfoField.RTT_MICROS, rtt);
		Map<TcpInfoField, Long> growth = Map.of(TcpInfoField.BYTES_RECEIVED, received);
		assertThat(after(3, ConnectionState.READING, growth, FIXED)).isEqualTo(cause);
		if (cause != null) {
			assertThat(evidence(FIXED))
				.isEqualTo("660.0 KB/s came (bytes_received), 80.6 % of what a receive buffer of 16384 bytes "
						+ "(rb; 8192 usable) allows with a round-trip time of 10 ms (rtt)");
		}
		assertThat(after(3, ConnectionState.READING, growth, TUNED)).isNull();
	}

	@Test
	void whenNothingIsAcknowledgedForTwoSecondsThenThePeerIsUnreachable() {
		this.figures.with(TcpInfoField.CONSECUTIVE_TIMEOUTS, 2).with(TcpInfoField.LAST_ACK_RECEIVED_MILLIS, 1_999);
		assertThat(after(1, ConnectionState.WRITING, Map.of(), TUNED)).isNull();
		this.figures.with(TcpInfoField.LAST_ACK_RECEIVED_MILLIS, 2_000);
		assertThat(after(1, ConnectionState.WRITING, Map.of(), TUNED)).isEqualTo(Cause.PEER_UNREACHABLE);
		assertThat(evidence(TUNED)).isEqualTo("no ACK for 2.0 s (lastack) and 2 timeouts in a row (backoff); "
				+ "tcp.server.write-timeout ends it 30 s after the last ACK");
		this.figures.with(TcpInfoField.CONSECUTIVE_TIMEOUTS, 1);
		assertThat(after(1, ConnectionState.WRITING, Map.of(), TUNED)).isNull();
	}

	@Test
	void whoGivesUpFirstIsTold() {
		this.figures.with(TcpInfoField.CONSECUTIVE_TIMEOUTS, 4).with(TcpInfoField.LAST_ACK_RECEIVED_MILLIS, 4_000);
		after(1, ConnectionState.READING, Map.of(), TUNED);
		assertThat(evidence(TUNED)).contains("tcp.server.idle-timeout ends it 5 min after the last byte");
		assertThat(evidence(new DiagnosisLimits(0, 0, 0, 0, Duration.ZERO, Duration.ZERO, OptionalLong.of(15))))
			.contains("the kernel ends it some 15 min 24 s after the first timeout (net.ipv4.tcp_retries2 is 15)");
		assertThat(evidence(new DiagnosisLimits(0, 0, 0, 0, Duration.ZERO, Duration.ZERO, OptionalLong.empty())))
			.contains("the kernel ends it after net.ipv4.tcp_retries2 timeouts");
	}

	// ip-sysctl of the kernel: 15 retries are 924.6 s
	@Test
	void theKernelGivesUpAsItsDocumentationSays() {
		assertThat(DiagnosisText.giveUpTime(15)).isEqualTo(Duration.ofMillis(924_600));
		assertThat(DiagnosisText.giveUpTime(3)).isEqualTo(Duration.ofSeconds(3));
	}

	@Test
	void whenBytesWaitAndTheThreadDoesNotReadThenTheServerReadsSlowly() {
		this.figures.with(TcpInfoField.RECEIVE_QUEUE, 512);
		assertThat(after(1, ConnectionState.READING, Map.of(), TUNED)).isEqualTo(Cause.SERVER_READS_SLOWLY);
		sample(ConnectionState.READING);
		assertThat(evidence(TUNED))
			.isEqualTo("512 bytes wait in the receive queue (Recv-Q), and nothing was read for 2.0 s");
	}

	@Test
	void whenALayerHasBytesThatTheThreadDoesNotReadThenTheServerReadsSlowly() {
		for (int i = 0; i < 3; i++) {
			this.trend.add(this.figures, ConnectionState.READING, 1_000, 1_024, i * 1_000, 1_000, 0);
			assertThat(CauseRules.decide(this.trend, TUNED)).isEqualTo((i > 0) ? Cause.SERVER_READS_SLOWLY : null);
		}
		this.trend.diagnosed(Cause.SERVER_READS_SLOWLY, 1_000);
		assertThat(evidence(TUNED)).isEqualTo("0 bytes wait in the receive queue (Recv-Q) and 1024 above it, in the "
				+ "layer of TLS or PROXY, and nothing was read for 2.0 s");
		this.trend.add(this.figures, ConnectionState.READING, 2_024, 0, 3_000, 1_000, 0);
		assertThat(CauseRules.decide(this.trend, TUNED)).isNull();
	}

	// The sampler does not see all of them each time
	@Test
	void whenAConnectionWasMissingInSamplesThenNothingIsSaidUntilEnoughGrew() {
		assertThat(after(4, ConnectionState.WRITING, growth(1_000, 1_000, 0), TUNED))
			.isEqualTo(Cause.PEER_READS_SLOWLY);
		this.now += 66_000;
		assertThat(after(0, ConnectionState.WRITING, Map.of(), TUNED)).isNull();
		assertThat(CauseRules.decide(this.trend, TUNED)).isNull();
		assertThat(after(2, ConnectionState.WRITING, growth(1_000, 1_000, 0), TUNED))
			.isEqualTo(Cause.PEER_READS_SLOWLY);
	}

	@ParameterizedTest
	@CsvSource({ "WRITING, 1000", "HANDSHAKING, 1000", "READING, 0" })
	void whenThePeerIsWaitedForOrNothingWaitsThenTheServerDoesNotReadSlowly(ConnectionState state, long queue) {
		this.figures.with(TcpInfoField.RECEIVE_QUEUE, queue);
		assertThat(after(4, state, Map.of(), TUNED)).isNull();
	}

	@Test
	void whenTheApplicationHasReadThenItIsNotSlow() {
		this.figures.with(TcpInfoField.RECEIVE_QUEUE, 512);
		for (int i = 0; i < 5; i++) {
			this.trend.add(this.figures, ConnectionState.READING, i, 0, i * 1_000, 1_000, 0);
			assertThat(CauseRules.decide(this.trend, TUNED)).isNull();
		}
	}

	// In the order of the causes
	@Test
	void theFirstCauseThatHoldsIsTold() {
		this.figures.with(TcpInfoField.RECEIVE_QUEUE, 4_100_000).with(TcpInfoField.RTT_MICROS, 400_000);
		Map<TcpInfoField, Long> all = growth(1_000, 600, 300);
		all.putAll(sentAgain(1_000_000, 100_000, 70));
		all.put(TcpInfoField.BYTES_RECEIVED, 10_000_000L);
		assertThat(after(3, ConnectionState.WRITING, all, FIXED)).isEqualTo(Cause.PEER_READS_SLOWLY);
		all.put(TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS, 0L);
		assertThat(after(10, ConnectionState.WRITING, all, FIXED)).isEqualTo(Cause.SEND_BUFFER_TOO_SMALL);
		all.put(TcpInfoField.SEND_BUFFER_LIMITED_MICROS, 0L);
		assertThat(after(10, ConnectionState.WRITING, all, FIXED)).isEqualTo(Cause.PATH_LOSES_PACKETS);
		all.putAll(sentAgain(1_000_000, 0, 0));
		assertThat(after(10, ConnectionState.WRITING, all, FIXED)).isEqualTo(Cause.PATH_IS_SLOW);
		all.put(TcpInfoField.BUSY_MICROS, 500_000L);
		assertThat(after(10, ConnectionState.WRITING, all, FIXED)).isEqualTo(Cause.RECEIVE_BUFFER_TOO_SMALL);
		assertThat(after(10, ConnectionState.READING, Map.of(), FIXED)).isEqualTo(Cause.SERVER_READS_SLOWLY);
		this.figures.with(TcpInfoField.CONSECUTIVE_TIMEOUTS, 3).with(TcpInfoField.LAST_ACK_RECEIVED_MILLIS, 9_000);
		assertThat(after(1, ConnectionState.WRITING, all, FIXED)).isEqualTo(Cause.PEER_UNREACHABLE);
	}

	@Test
	void whenTheTroubleIsOverThenItIsForgottenInTime() {
		assertThat(after(6, ConnectionState.WRITING, growth(1_000, 1_000, 0), TUNED))
			.isEqualTo(Cause.PEER_READS_SLOWLY);
		assertThat(after(8, ConnectionState.WRITING, growth(1_000, 0, 0), TUNED)).isNull();
	}

	@Test
	void whenTheProcessStoodStillThenNothingIsSaidUntilEnoughGrew() {
		after(4, ConnectionState.WRITING, growth(1_000, 1_000, 0), TUNED);
		this.trend.restart();
		assertThat(after(1, ConnectionState.WRITING, growth(1_000, 1_000, 0), TUNED)).isNull();
		assertThat(after(2, ConnectionState.WRITING, growth(1_000, 1_000, 0), TUNED))
			.isEqualTo(Cause.PEER_READS_SLOWLY);
	}

	@ParameterizedTest
	@ValueSource(ints = { 50, 200, 1_000, 2_400, 2_500 })
	void whateverTheIntervalNoWindowIsLongerThanFiveSeconds(int interval) {
		boolean seen = false;
		for (int at = 0; at < 30_000; at += interval) {
			growth(interval, interval, 0).forEach(this.figures::add);
			this.trend.add(this.figures, ConnectionState.WRITING, 0, 0, at, interval, 0);
			assertThat(this.trend.millis()).isLessThanOrEqualTo(ConnectionTrend.MAX_WINDOW_MILLIS);
			assertThat(this.trend.windowLimitedMicros()).isEqualTo(this.trend.millis() * 1_000L);
			seen |= this.trend.millis() >= ConnectionTrend.MIN_WINDOW_MILLIS;
		}
		assertThat(seen).isTrue();
	}

	@Test
	void whenTheKernelIsTooOldForAFigureThenItIsNeverACause() {
		for (TcpInfoField field : List.of(TcpInfoField.BUSY_MICROS, TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS,
				TcpInfoField.SEND_BUFFER_LIMITED_MICROS, TcpInfoField.BYTES_SENT, TcpInfoField.BYTES_RETRANSMITTED,
				TcpInfoField.RTT_MICROS, TcpInfoField.MIN_RTT_MICROS)) {
			this.figures.without(field);
		}
		assertThat(after(4, ConnectionState.WRITING, Map.of(TcpInfoField.RETRANSMITS, 5L), FIXED)).isNull();
	}

	@Test
	void sinceStaysWhileTheCauseDoes() {
		this.trend.diagnosed(Cause.PATH_IS_SLOW, 1_000);
		this.trend.diagnosed(Cause.PATH_IS_SLOW, 2_000);
		assertThat(this.trend.since()).isEqualTo(1_000);
		this.trend.diagnosed(Cause.PATH_LOSES_PACKETS, 3_000);
		assertThat(this.trend.since()).isEqualTo(3_000);
		assertThat(Objects.requireNonNull(DiagnosisText.of(this.trend, TUNED)).since())
			.hasToString("1970-01-01T00:00:03Z");
		this.trend.diagnosed(null, 4_000);
		assertThat(DiagnosisText.of(this.trend, TUNED)).isNull();
	}

}
