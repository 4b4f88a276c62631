package io.weir.kernel;

import java.util.OptionalLong;

/**
 * A snapshot of a listening socket.
 *
 * @param queueLength connections that wait to be accepted ({@code idiag_rqueue})
 * @param queueLimit the backlog that is in force ({@code idiag_wqueue}); the queue holds
 * one more
 * @param drops packets that this socket dropped for any reason
 * ({@code SK_MEMINFO_DROPS}): a SYN or an ACK that found the queue full, and likewise an
 * RST, FIN or NULL that belongs to no connection, as health checks and scans send them
 */
public record ListenerDiagnostics(long queueLength, OptionalLong queueLimit, OptionalLong drops) {

	static ListenerDiagnostics of(SocketSample sample) {
		return new ListenerDiagnostics(sample.get(TcpInfoField.RECEIVE_QUEUE),
				optional(sample, TcpInfoField.SEND_QUEUE), optional(sample, TcpInfoField.DROPS));
	}

	private static OptionalLong optional(SocketSample sample, TcpInfoField field) {
		return sample.has(field) ? OptionalLong.of(sample.get(field)) : OptionalLong.empty();
	}

}
