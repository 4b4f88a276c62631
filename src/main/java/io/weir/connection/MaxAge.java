package io.weir.connection;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * How old connections may become. Each has its own age, up to a tenth above or below the
 * one that was asked for, so that those accepted together do not end together. Immutable.
 */
public final class MaxAge {

	private static final double JITTER = 0.1;

	private final long ageNanos;

	private final long graceNanos;

	// Replicas that start together do not end the same connections together
	private final long salt = ThreadLocalRandom.current().nextLong();

	/**
	 * Creates the limit.
	 * @param age how old a connection may become, at most 365 days; zero is any age
	 * @param grace how long an exchange may then go on until it is cut
	 */
	public MaxAge(Duration age, Duration grace) {
		this.ageNanos = TimeUnit.NANOSECONDS.convert(age);
		this.graceNanos = TimeUnit.NANOSECONDS.convert(grace);
	}

	Duration age() {
		return Duration.ofNanos(this.ageNanos);
	}

	/**
	 * Whether a connection is too old.
	 * @param now {@link System#nanoTime()}
	 */
	boolean isReached(Connection connection, long now) {
		long open = connection.openNanos(now);
		// Most are far from it
		return this.ageNanos > 0 && open >= this.ageNanos * (1 - JITTER) && open >= nanosOf(connection.id());
	}

	/**
	 * Whether it has been too old for the time of grace.
	 * @param now {@link System#nanoTime()}
	 */
	boolean isGraceOver(Connection connection, long now) {
		return connection.openNanos(now) - nanosOf(connection.id()) >= this.graceNanos;
	}

	/**
	 * The age of a connection, in nanoseconds.
	 */
	long nanosOf(long id) {
		// The finalizer of SplitMix64 makes any bits of consecutive numbers look random
		long bits = (id ^ this.salt) * 0x9e37_79b9_7f4a_7c15L;
		bits = (bits ^ (bits >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
		bits = (bits ^ (bits >>> 27)) * 0x94d0_49bb_1331_11ebL;
		double minusOneToOne = (bits >> 11) * 0x1p-52;
		return (long) (this.ageNanos * (1 + JITTER * minusOneToOne));
	}

}
