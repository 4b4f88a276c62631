package io.weir.monitor;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

import io.weir.connection.Connection;
import io.weir.kernel.ConnectionDiagnostics;
import io.weir.kernel.Reading;

/**
 * A connection, the kernel's figures of it, and what they mean.
 *
 * @param connection the connection
 * @param figures the figures, or why there are none
 * @param sampledAt when they were read
 * @param diagnosis why it is slow, as of the last sample; null if nothing holds it up
 */
public record ObservedConnection(Connection connection, Reading<ConnectionDiagnostics> figures, Instant sampledAt,
		@Nullable Diagnosis diagnosis) {
}
