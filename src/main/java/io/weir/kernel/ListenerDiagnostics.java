package io.weir.kernel;

import java.util.OptionalLong;

/**
 * A snapshot of a listening socket.
 *
 * @param queueLength connections that wait to be accepted ({@code idiag_rqueue})
 * @param queueLimit the backlog that is in force ({@code idiag_wqueue}); the queue holds
 * one more
 * @param overflows packets that this socket dropped ({@code SK_MEMINFO_DROPS}):
 * connections that found the queue full, each time they tried, and rarely others
 * @param receiveBuffer bytes of the receive buffer that connections inherit, {@code ss}'s
 * {@code rb}
 * @param sendBuffer bytes of the send buffer that connections inherit, {@code ss}'s
 * {@code tb}
 */
public record ListenerDiagnostics(long queueLength, OptionalLong queueLimit, OptionalLong overflows,
		OptionalLong receiveBuffer, OptionalLong sendBuffer) {
}
