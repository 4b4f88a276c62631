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
 */
public record ListenerDiagnostics(long queueLength, OptionalLong queueLimit, OptionalLong overflows) {

	static ListenerDiagnostics of(SocketSample sample) {
		return new ListenerDiagnostics(sample.get(TcpInfoField.RECEIVE_QUEUE),
				optional(sample, TcpInfoField.SEND_QUEUE), optional(sample, TcpInfoField.DROPS));
	}

	private static OptionalLong optional(SocketSample sample, TcpInfoField field) {
		return sample.has(field) ? OptionalLong.of(sample.get(field)) : OptionalLong.empty();
	}

}
