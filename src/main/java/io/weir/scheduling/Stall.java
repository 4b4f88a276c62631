package io.weir.scheduling;

import java.time.Duration;

/**
 * A thread that keeps others of the same scheduler from running.
 *
 * @param thread the name of the connection's thread, or of the scheduler's own
 * @param time for how long, at least; rounded down to the moments of observation
 */
public record Stall(String thread, Duration time) {
}
