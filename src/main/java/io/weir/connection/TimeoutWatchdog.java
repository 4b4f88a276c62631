package io.weir.connection;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that ends connections whose time is over: in a layer, idle, blocked in a
 * write, ended by the server but not by the peer, or quiet while the server drains. So a
 * timeout costs nothing on the byte's way, and a blocked write has one too.
 * <p>
 * The process may stand still for longer than a timeout (SIGSTOP, CPU throttling). So
 * after a late round the watchdog looks again before it ends anything, and a connection
 * whose bytes wait in the kernel is not idle.
 */
public final class TimeoutWatchdog implements AutoCloseable {

	/**
	 * How long a connection must have been quiet to be drained.
	 */
	public static final Duration QUIET_TIME = Duration.ofSeconds(1);

	/**
	 * What {@code acknowledgedBytes} tells where nothing that was sent is unacknowledged:
	 * the peer blocks no write, the writer has not come to run.
	 */
	public static final long ALL = Long.MAX_VALUE;

	// A timeout is met with this part of it to spare
	private static final int ROUNDS_PER_TIMEOUT = 20;

	private static final long MAX_ROUND = TimeUnit.SECONDS.toNanos(1);

	private static final long MIN_ROUND = TimeUnit.MILLISECONDS.toNanos(10);

	private static final long CLOSING_ROUND = TimeUnit.MILLISECONDS.toNanos(50);

	// By so much a round may be late without a second look
	private static final long MAX_DELAY = TimeUnit.MILLISECONDS.toNanos(500);

	private static final long NEVER = Long.MAX_VALUE;

	private static final Logger logger = LoggerFactory.getLogger(TimeoutWatchdog.class);

	private final ConnectionRegistry registry;

	private final long idleNanos;

	private final long writeNanos;

	private final long round;

	private final boolean watchesWrites;

	private final MaxAge maxAge;

	private final Function<Connection, OptionalLong> acknowledgedBytes;

	private final Runnable task;

	// What is known of the connections that are blocked in a write. The thread's own
	private Map<Connection, BlockedWrite> blockedWrites = Map.of();

	// What is known of those whose idle time is over while bytes wait for them
	private Map<Connection, UnreadBytes> unreadBytes = Map.of();

	private volatile boolean draining;

	private volatile boolean closed;

	private final LogLimiter failures = new LogLimiter();

	private @Nullable Thread thread;

	/**
	 * Creates a watchdog, not started.
	 * @param registry whose open connections to watch
	 * @param minLayerTimeout the shortest time limit of a layer; zero is none
	 * @param idleTimeout end a connection after so long without a byte, with FIN; zero is
	 * never
	 * @param writeTimeout close a connection that is blocked in a write when its peer has
	 * acknowledged no byte for so long; zero is never
	 * @param maxAge how old a connection may become
	 * @param acknowledgedBytes tells how many bytes the peer of an open connection has
	 * acknowledged, whatever the process has handed to the kernel: never less than
	 * before, or {@link #ALL}; empty where that is not known: there the time in the write
	 * counts
	 * @param task what else its thread does, once a second at least; short, and fails
	 * only for a bug
	 */
	public TimeoutWatchdog(ConnectionRegistry registry, Duration minLayerTimeout, Duration idleTimeout,
			Duration writeTimeout, MaxAge maxAge, Function<Connection, OptionalLong> acknowledgedBytes, Runnable task) {
		this.registry = registry;
		this.idleNanos = nanos(idleTimeout);
		this.writeNanos = nanos(writeTimeout);
		this.maxAge = maxAge;
		this.acknowledgedBytes = acknowledgedBytes;
		this.task = task;
		long shortest = Math.min(this.idleNanos, this.writeNanos);
		this.watchesWrites = shortest != NEVER;
		long shortestOfAll = Math.min(Math.min(shortest, nanos(minLayerTimeout)), nanos(maxAge.age()));
		this.round = Math.clamp(shortestOfAll / ROUNDS_PER_TIMEOUT, MIN_ROUND, MAX_ROUND);
	}

	// Saturates at 292 years, which stands for never
	private static long nanos(Duration timeout) {
		return timeout.isZero() ? NEVER : TimeUnit.NANOSECONDS.convert(timeout);
	}

	/**
	 * Starts the thread.
	 */
	public void start() {
		this.thread = Thread.ofPlatform().name("tcp-watchdog").daemon().start(this::run);
	}

	/**
	 * From now on also ends connections that stand between two exchanges and have been
	 * quiet for {@link #QUIET_TIME}, and those that have been in a layer for so long, as
	 * {@link CloseReason#DRAINED}.
	 */
	public void drain() {
		this.draining = true;
		LockSupport.unpark(this.thread);
	}

	private void run() {
		long due = System.nanoTime();
		boolean lookedAgain = false;
		while (!this.closed) {
			boolean late = System.nanoTime() - due > MAX_DELAY && !lookedAgain;
			boolean closing = false;
			try {
				if (!late) {
					closing = look();
					this.task.run();
				}
			}
			// An OutOfMemoryError, too, must not end all timeouts
			catch (Throwable ex) {
				this.failures.warn(logger, "The watchdog of timeouts failed in one round and goes on", ex);
			}
			lookedAgain = late;
			long pause = (closing || late || this.draining) ? Math.min(CLOSING_ROUND, this.round) : this.round;
			due = System.nanoTime() + pause;
			LockSupport.parkNanos(this, pause);
		}
	}

	// Returns whether connections are being closed, whose short time needs short rounds
	private boolean look() {
		boolean closing = false;
		Map<Connection, BlockedWrite> blocked = new HashMap<>();
		Map<Connection, UnreadBytes> unread = new HashMap<>();
		for (Connection connection : this.registry.connections()) {
			long now = System.nanoTime();
			if (connection.lifecycle().isComputing()) {
				connection.counters().noteComputing(now);
			}
			Layer overdue = overdueLayer(connection, now);
			if (connection.lifecycle().isEnded()) {
				closing = true;
				if (connection.ending().isLingerOver(now)) {
					connection.abort(CloseReason.IO_ERROR);
				}
			}
			else if (overdue != null) {
				closing |= connection.end(overdue.timedOut());
			}
			else if (this.maxAge.isReached(connection, now) && endOfOldAge(connection, now)) {
				closing = true;
			}
			else if (this.watchesWrites && connection.lifecycle().isWriting()
					&& now - connection.counters().writtenNanos() >= this.round) {
				closing |= lookAtWrite(connection, now, blocked);
			}
			else if (isIdle(connection, now)) {
				closing |= lookAtIdle(connection, now, unread);
			}
			else if (this.draining) {
				closing |= connection.ending().endBetweenExchanges(CloseReason.DRAINED, now, QUIET_TIME.toNanos());
			}
		}
		this.blockedWrites = blocked;
		this.unreadBytes = unread;
		return closing;
	}

	private static @Nullable Layer overdueLayer(Connection connection, long now) {
		Layer layer = connection.path().layer();
		boolean overdue = layer != null && connection.lifecycle().isInLayers() && !layer.timeout().isZero()
				&& connection.path().nanosInLayer(now) >= layer.timeout().toNanos();
		return overdue ? layer : null;
	}

	private boolean endOfOldAge(Connection connection, long now) {
		return this.maxAge.isGraceOver(connection, now) ? connection.end(CloseReason.MAX_AGE)
				: connection.ending().endOfOldAge(now);
	}

	// The handler was last seen computing at most a round before it began to wait
	private boolean isIdle(Connection connection, long now) {
		return connection.lifecycle().isReading() && now - connection.progressNanos() >= this.idleNanos
				&& now - connection.counters().computingNanos() - this.round >= this.idleNanos;
	}

	// Bytes that wait in the kernel are read first: the connection's thread may not have
	// come to run. If it has, and none of them was for the application, or if it does not
	// for another timeout, the connection is idle all the same
	private boolean lookAtIdle(Connection connection, long now, Map<Connection, UnreadBytes> unread) {
		long reads = connection.path().socket().reads();
		UnreadBytes seen = this.unreadBytes.getOrDefault(connection, new UnreadBytes(reads, now));
		if (connection.path().hasQueuedBytes() && seen.reads == reads && now - seen.since < this.idleNanos) {
			unread.put(connection, seen);
			return false;
		}
		return connection.end(CloseReason.IDLE_TIMEOUT);
	}

	private boolean lookAtWrite(Connection connection, long now, Map<Connection, BlockedWrite> blocked) {
		BlockedWrite write = blockedWrite(connection, now);
		blocked.put(connection, write);
		if (now - write.since >= this.writeNanos) {
			connection.abort(CloseReason.WRITE_TIMEOUT);
		}
		else if (now - write.since >= this.idleNanos) {
			return connection.end(CloseReason.IDLE_TIMEOUT);
		}
		return false;
	}

	// The kernel wakes a writer only when much of its buffer is free again, so a write to
	// a slow but steady reader is blocked for long: what it acknowledges tells
	private BlockedWrite blockedWrite(Connection connection, long now) {
		long acknowledged = this.acknowledgedBytes.apply(connection).orElse(-1);
		long written = connection.counters().writtenNanos();
		BlockedWrite last = this.blockedWrites.get(connection);
		if (last == null || last.written != written) {
			return new BlockedWrite(written, written, acknowledged);
		}
		return (last.acknowledged == acknowledged && acknowledged != ALL) ? last
				: new BlockedWrite(written, now, acknowledged);
	}

	/**
	 * A write that is blocked.
	 *
	 * @param written when the write began or moved its last byte
	 * @param since when the peer was last seen to acknowledge anything
	 * @param acknowledged bytes acknowledged so far; -1 where that is not known
	 */
	private record BlockedWrite(long written, long since, long acknowledged) {
	}

	/**
	 * Bytes that wait in the kernel for an idle connection.
	 *
	 * @param reads how often the connection had read when they were first seen
	 * @param since when they were first seen
	 */
	private record UnreadBytes(long reads, long since) {
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
