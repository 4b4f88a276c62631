package io.weir.server;

import java.time.Duration;

/**
 * How accepted connections are served. A timeout of zero is never.
 *
 * @param maxConnections how many may be open at once
 * @param threads what kind of thread each one has
 * @param idleTimeout ends a connection after so long without a byte
 * @param writeTimeout ends a connection whose write is blocked for so long
 * @param maxAge ends a connection so long after its accept
 * @param drainDelay how long accepting goes on after the stop signal
 * @param gracePeriod how long connections may then go on
 */
public record ServingSettings(int maxConnections, ConnectionThreads threads, Duration idleTimeout,
		Duration writeTimeout, Duration maxAge, Duration drainDelay, Duration gracePeriod) {
}
