package io.weir.monitor;

import java.time.Instant;

import io.weir.connection.Connection;
import io.weir.kernel.ConnectionDiagnostics;
import io.weir.kernel.Reading;

/**
 * A connection and the kernel's figures of it.
 *
 * @param connection the connection
 * @param figures the figures, or why there are none
 * @param sampledAt when they were read
 */
public record ObservedConnection(Connection connection, Reading<ConnectionDiagnostics> figures, Instant sampledAt) {
}
