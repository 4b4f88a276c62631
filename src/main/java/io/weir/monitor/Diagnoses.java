package io.weir.monitor;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.weir.connection.Connection;
import io.weir.connection.ConnectionState;
import io.weir.kernel.KernelLimits;
import io.weir.kernel.SocketSample;
import io.weir.server.EffectiveSettings;
import io.weir.server.TcpServer;

/**
 * Why connections are slow, as of the last sample. The sampling thread feeds it, any
 * thread may ask.
 */
public class Diagnoses {

	/**
	 * Samples further apart show too little of the last 5 s.
	 */
	static final Duration MAX_INTERVAL = Duration.ofMillis(2500);

	private static final Cause[] CAUSES = Cause.values();

	// Later than that, the process stood still
	private static final int MAX_DELAY_MILLIS = 500;

	private final TcpServer server;

	private final Supplier<KernelLimits> kernelLimits;

	private final boolean on;

	private final int intervalMillis;

	private final long originNanos = System.nanoTime();

	private volatile @Nullable DiagnosisLimits limits;

	private volatile @Nullable Counts counts;

	// The sampling thread's own
	private final int[] counting = new int[CAUSES.length];

	private int connections;

	private int now;

	private int gap;

	private long epochMillis;

	/**
	 * Creates the diagnoses of a server's connections.
	 * @param interval how often samples are taken; zero, or above 2.5 s, there are no
	 * diagnoses
	 */
	public Diagnoses(TcpServer server, Supplier<KernelLimits> kernelLimits, Duration interval) {
		this.server = server;
		this.kernelLimits = kernelLimits;
		this.on = interval.isPositive() && interval.compareTo(MAX_INTERVAL) <= 0;
		this.intervalMillis = this.on ? (int) interval.toMillis() : 0;
	}

	/**
	 * Starts a sample.
	 */
	void begin() {
		begin((int) ((System.nanoTime() - this.originNanos) / 1_000_000), System.currentTimeMillis());
	}

	/**
	 * Starts a sample.
	 * @param millis when it is taken, by any clock
	 * @param epoch the same in milliseconds since the epoch
	 */
	void begin(int millis, long epoch) {
		this.gap = millis - this.now;
		this.now = millis;
		this.epochMillis = epoch;
		Arrays.fill(this.counting, 0);
		this.connections = 0;
		EffectiveSettings settings = this.server.settings();
		if (this.on && settings != null) {
			this.limits = DiagnosisLimits.of(settings, this.server.status().serving(), this.kernelLimits.get());
		}
	}

	/**
	 * Takes in the sample of a connection. One that is being closed keeps the diagnosis
	 * that it had before.
	 * @param sample the kernel's figures of it
	 */
	void add(Connection connection, SocketSample sample) {
		this.connections++;
		ConnectionState state = connection.state();
		if (state == ConnectionState.CLOSING) {
			// What is said of it was said with the figures of then
			return;
		}
		ConnectionTrend trend = trend(connection);
		if (trend == null) {
			trend = new ConnectionTrend();
			connection.observe(trend);
		}
		synchronized (trend) {
			if (this.gap > 2 * this.intervalMillis + MAX_DELAY_MILLIS) {
				trend.restart();
			}
			trend.add(sample, state, connection.bytesReceived(), connection.bytesHeld(), this.now, this.gap,
					sendMaximum());
			diagnose(trend);
		}
	}

	private long sendMaximum() {
		return (this.limits != null) ? this.limits.sendMaximum() : 0;
	}

	private void diagnose(ConnectionTrend trend) {
		Cause cause = (this.limits != null) ? CauseRules.decide(trend, this.limits) : null;
		trend.diagnosed(cause, this.epochMillis);
		if (cause != null) {
			this.counting[cause.place()]++;
		}
	}

	/**
	 * Ends a sample.
	 * @param complete whether all connections were seen
	 */
	void end(boolean complete) {
		Map<Cause, Integer> found = new EnumMap<>(Cause.class);
		for (Cause cause : CAUSES) {
			found.put(cause, this.counting[cause.place()]);
		}
		this.counts = (this.on && complete) ? new Counts(this.connections, found) : null;
	}

	/**
	 * How many connections are slow now.
	 * @return null where that is not known
	 */
	public @Nullable Counts counts() {
		return this.counts;
	}

	/**
	 * What to do about a cause.
	 * @param cause the cause, of which there is one now
	 */
	String remedy(Cause cause) {
		return DiagnosisText.remedy(cause, Objects.requireNonNull(this.limits));
	}

	/**
	 * Why an open connection is slow.
	 * @return null if nothing holds it up, it is being closed, or nothing is known
	 */
	public @Nullable Diagnosis of(Connection connection) {
		return (this.counts != null && connection.closeReason() == null) ? last(connection) : null;
	}

	/**
	 * Why a connection was slow when it was last sampled before its end, for those who
	 * ask who was cut and why.
	 * @param connection a connection, open or closed
	 * @return null if nothing held it up, or it was never sampled
	 */
	public @Nullable Diagnosis last(Connection connection) {
		ConnectionTrend trend = trend(connection);
		DiagnosisLimits bounds = this.limits;
		if (trend == null || bounds == null) {
			return null;
		}
		synchronized (trend) {
			return DiagnosisText.of(trend, bounds);
		}
	}

	/**
	 * The order of causes, for a list that has slow connections first.
	 * @return greater for causes that are asked earlier; 0 if nothing holds it up
	 */
	int rank(Connection connection) {
		ConnectionTrend trend = trend(connection);
		Cause cause = (trend != null && this.counts != null && connection.closeReason() == null) ? trend.cause() : null;
		return (cause != null) ? CAUSES.length - cause.place() : 0;
	}

	private static @Nullable ConnectionTrend trend(Connection connection) {
		return (connection.observation() instanceof ConnectionTrend trend) ? trend : null;
	}

	/**
	 * How many connections are slow.
	 *
	 * @param connections of how many
	 * @param causes by the cause; every cause is there
	 */
	public record Counts(int connections, Map<Cause, Integer> causes) {

		/**
		 * How many have one cause.
		 */
		public int of(Cause cause) {
			return this.causes.getOrDefault(cause, 0);
		}

	}

}
