package io.weir.actuate;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.context.ApplicationEventPublisher;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionListener;

/**
 * Declares the application broken when connections fail because memory is short again and
 * again, so that the platform restarts it: one such failure ends one connection only, but
 * a process that has no memory left must not look alive.
 */
public class OutOfMemoryLiveness implements ConnectionListener {

	/**
	 * How many failures within {@link #PERIOD} are too many.
	 */
	static final int MAX_FAILURES = 3;

	static final Duration PERIOD = Duration.ofMinutes(1);

	private static final Logger logger = LoggerFactory.getLogger(OutOfMemoryLiveness.class);

	private final ApplicationEventPublisher events;

	private final LongSupplier nanoTime;

	// Guarded by itself
	private final Deque<Long> failures = new ArrayDeque<>();

	public OutOfMemoryLiveness(ApplicationEventPublisher events) {
		this(events, System::nanoTime);
	}

	OutOfMemoryLiveness(ApplicationEventPublisher events, LongSupplier nanoTime) {
		this.events = events;
		this.nanoTime = nanoTime;
	}

	@Override
	public void closed(Connection connection, CloseReason reason) {
		if (connection.failure() instanceof OutOfMemoryError && isTooOften()) {
			logger.error("{} connections failed for lack of memory within {} s: liveness is broken. What to do: give "
					+ "the JVM more memory (-Xmx, -XX:MaxRAMPercentage, -XX:MaxDirectMemorySize), "
					+ "or lower tcp.server.max-connections or chunk-size", MAX_FAILURES, PERIOD.toSeconds());
			AvailabilityChangeEvent.publish(this.events, this, LivenessState.BROKEN);
		}
	}

	private boolean isTooOften() {
		long now = this.nanoTime.getAsLong();
		synchronized (this.failures) {
			this.failures.add(now);
			while (now - this.failures.getFirst() > PERIOD.toNanos()) {
				this.failures.removeFirst();
			}
			return this.failures.size() == MAX_FAILURES;
		}
	}

}
