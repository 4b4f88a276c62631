package io.weir.server;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.KernelLimits;
import io.weir.scheduling.Stall;
import io.weir.transport.SocketAddresses;

/**
 * What a server is doing, all of one moment.
 *
 * @param state what it does
 * @param accepting what it does with newcomers, which in a drain is told here alone:
 * stopped where it takes none, in a drain after the delay
 * @param failure why the accept loop failed; null unless the state is failed
 * @param backingOffFor for how long accepting has failed again and again; zero unless the
 * state is backing off
 * @param acceptError why accept(2) failed last; null if it has succeeded since
 * @param address where it listens, with the port that was taken; null while it does not
 * listen
 * @param startedAt when it began to listen; null while it does not
 * @param settings what it asked for and what it got, as read at the start; null while it
 * does not listen
 * @param protocol the name of what serves a connection, for instance {@code echo-record}
 * @param protocolSource where the protocol comes from
 * @param sockets what it asks for of each accepted socket
 * @param serving how it serves connections
 * @param admission who may come in
 * @param addressesAtLimit how many client addresses have as many connections as they may
 * @param stalls connections that keep others of their event loop from running
 * @param acceptErrors how often accept(2) failed, by error; one that never came is not
 * there
 */
public record ServerStatus(ServerState state, ServerState accepting, @Nullable Throwable failure,
		Duration backingOffFor, @Nullable AcceptError acceptError, @Nullable InetSocketAddress address,
		@Nullable Instant startedAt, @Nullable EffectiveSettings settings, String protocol,
		ProtocolSource protocolSource, SocketSettings sockets, ServingSettings serving, AdmissionRules admission,
		int addressesAtLimit, List<Stall> stalls, Map<AcceptError, Long> acceptErrors) {

	/**
	 * The same with the limits of now in its settings.
	 * @param limits the kernel's limits
	 */
	public ServerStatus withLimits(KernelLimits limits) {
		return (this.settings != null) ? new ServerStatus(this.state, this.accepting, this.failure, this.backingOffFor,
				this.acceptError, this.address, this.startedAt, this.settings.withLimits(limits), this.protocol,
				this.protocolSource, this.sockets, this.serving, this.admission, this.addressesAtLimit, this.stalls,
				this.acceptErrors) : this;
	}

	/**
	 * The address as people write it.
	 * @return for instance {@code 127.0.0.1:9999}; null while it does not listen
	 */
	public @Nullable String addressText() {
		return (this.address != null) ? SocketAddresses.text(this.address) : null;
	}

}
