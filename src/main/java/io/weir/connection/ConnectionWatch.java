package io.weir.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that ends connections whose time is over: in a handshake, idle, blocked in a
 * write, ended by the server but not by the peer, or quiet while the server drains. So a
 * timeout costs nothing on the byte's way, and a blocked write has one too.
 */
public final class ConnectionWatch implements AutoCloseable {

	/**
	 * How long a connection must have been quiet to be drained.
	 */
	public static final Duration QUIET_TIME = Duration.ofSeconds(1);

	// A timeout is met with this part of it to spare
	private static final int ROUNDS_PER_TIMEOUT = 20;

	private static final long LONGEST_ROUND = TimeUnit.SECONDS.toNanos(1);

	private static final long SHORTEST_ROUND = TimeUnit.MILLISECONDS.toNanos(10);

	private static final long CLOSING_ROUND = TimeUnit.MILLISECONDS.toNanos(50);

	private static final long NEVER = Long.MAX_VALUE;

	private static final Logger logger = LoggerFactory.getLogger(ConnectionWatch.class);

	private final ConnectionRegistry registry;

	private final long handshakeNanos;

	private final long idleNanos;

	private final long writeNanos;

	private final long round;

	private final boolean watchesWrites;

	private final AcknowledgedBytes acknowledgedBytes;

	// What is known of the connections that are blocked in a write. The thread's own
	private Map<Connection, BlockedWrite> blockedWrites = Map.of();

	private volatile boolean draining;

	private volatile boolean closed;

	private Runnable task = () -> {
	};

	private final LogLimiter failures = new LogLimiter();

	private @Nullable Thread thread;

	/**
	 * Creates a watch, not started.
	 * @param registry whose open connections to watch
	 * @param handshakeTimeout end a connection whose handshake takes so long; zero is
	 * never
	 * @param idleTimeout end a connection after so long without a byte, with FIN; zero is
	 * never
	 * @param writeTimeout close a connection that is blocked in a write when its peer has
	 * acknowledged no byte for so long; zero is never
	 * @param acknowledgedBytes tells what a peer has acknowledged; where it can't, the
	 * time in the write counts
	 */
	public ConnectionWatch(ConnectionRegistry registry, Duration handshakeTimeout, Duration idleTimeout,
			Duration writeTimeout, AcknowledgedBytes acknowledgedBytes) {
		this.registry = registry;
		this.handshakeNanos = nanos(handshakeTimeout);
		this.idleNanos = nanos(idleTimeout);
		this.writeNanos = nanos(writeTimeout);
		this.acknowledgedBytes = acknowledgedBytes;
		long shortest = Math.min(this.idleNanos, this.writeNanos);
		this.watchesWrites = shortest != NEVER;
		this.round = Math.clamp(Math.min(shortest, this.handshakeNanos) / ROUNDS_PER_TIMEOUT, SHORTEST_ROUND,
				LONGEST_ROUND);
	}

	// Saturates at 292 years, which stands for never
	private static long nanos(Duration timeout) {
		return timeout.isZero() ? NEVER : TimeUnit.NANOSECONDS.convert(timeout);
	}

	/**
	 * Has something else done by its thread, once a second at least.
	 * @param task short, and fails only for a bug
	 */
	public void alsoRun(Runnable task) {
		this.task = task;
	}

	/**
	 * Starts the thread.
	 */
	public void start() {
		this.thread = Thread.ofPlatform().name("tcp-watch").daemon().start(this::run);
	}

	/**
	 * From now on also ends connections that stand between two exchanges and have been
	 * quiet for {@link #QUIET_TIME}, and those that have been in their handshake for so
	 * long, as {@link CloseReason#DRAINED}.
	 */
	public void drain() {
		this.draining = true;
		LockSupport.unpark(this.thread);
	}

	private void run() {
		while (!this.closed) {
			boolean closing = false;
			try {
				closing = look();
				this.task.run();
			}
			// An OutOfMemoryError, too, must not end all timeouts
			catch (Throwable ex) {
				warn(ex);
			}
			LockSupport.parkNanos(this, (closing || this.draining) ? Math.min(CLOSING_ROUND, this.round) : this.round);
		}
	}

	private void warn(Throwable ex) {
		long suppressed = this.failures.tryAcquire();
		if (suppressed >= 0) {
			logger.warn("The watch over timeouts failed in one round and goes on ({} such lines were left out before)",
					suppressed, ex);
		}
	}

	// Returns whether connections are being closed, whose short time needs short rounds
	private boolean look() {
		boolean closing = false;
		Map<Connection, BlockedWrite> blocked = new HashMap<>();
		for (Connection connection : this.registry.connections()) {
			long now = System.nanoTime();
			if (connection.state() == ConnectionState.CLOSING) {
				closing = true;
				if (connection.isLingerOver(now)) {
					connection.abort(CloseReason.IO_ERROR);
				}
			}
			else if (connection.isHandshaking(now, this.handshakeNanos)) {
				closing |= connection.end(CloseReason.HANDSHAKE_TIMEOUT);
			}
			else if (this.watchesWrites && connection.isWriteBlocked(now, this.round)) {
				BlockedWrite write = blockedWrite(connection, now);
				blocked.put(connection, write);
				if (now - write.since >= this.writeNanos) {
					connection.abort(CloseReason.WRITE_TIMEOUT);
				}
				else if (now - write.since >= this.idleNanos) {
					closing |= connection.end(CloseReason.IDLE_TIMEOUT);
				}
			}
			else if (connection.isIdle(now, this.idleNanos)) {
				closing |= connection.end(CloseReason.IDLE_TIMEOUT);
			}
			else if (this.draining) {
				closing |= connection.endBetweenExchanges(CloseReason.DRAINED, now, QUIET_TIME.toNanos());
			}
		}
		this.blockedWrites = blocked;
		return closing;
	}

	// The kernel wakes a writer only when much of its buffer is free again, so a write to
	// a slow but steady reader is blocked for long: what it acknowledges tells
	private BlockedWrite blockedWrite(Connection connection, long now) {
		long acknowledged = this.acknowledgedBytes.of(connection).orElse(-1);
		BlockedWrite last = this.blockedWrites.get(connection);
		if (last == null || last.progress != connection.progressNanos()) {
			return new BlockedWrite(connection.progressNanos(), connection.progressNanos(), acknowledged);
		}
		return (last.acknowledged == acknowledged) ? last : new BlockedWrite(last.progress, now, acknowledged);
	}

	/**
	 * A write that is blocked.
	 *
	 * @param progress when the write began or moved its last byte
	 * @param since when the peer was last seen to acknowledge anything
	 * @param acknowledged bytes acknowledged so far; -1 where that is not known
	 */
	private record BlockedWrite(long progress, long since, long acknowledged) {
	}

	/**
	 * Ends the thread.
	 */
	@Override
	public void close() {
		this.closed = true;
		LockSupport.unpark(this.thread);
	}

}
