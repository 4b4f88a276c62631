package io.weir.server;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.Layer;
import io.weir.connection.MaxAge;
import io.weir.connection.ProxyRule;
import io.weir.connection.TimeoutWatchdog;
import io.weir.kernel.KernelLimits;
import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.Source;
import io.weir.kernel.TcpInfoField;
import io.weir.scheduling.ConnectionScheduler;
import io.weir.transport.SocketAddresses;

/**
 * The blocking TCP server: one thread accepts, each connection has a thread of its own,
 * one thread watches the time. It can be started and stopped again and again. Safe for
 * any thread.
 */
public final class TcpServer {

	private static final Logger logger = LoggerFactory.getLogger(TcpServer.class);

	private final ServerSettings settings;

	private final ServedProtocol protocol;

	private final ConnectionScheduler scheduler;

	private final ConnectionRegistry registry;

	private final Supplier<KernelLimits> kernelLimits;

	private final SocketDiagnostics diagnostics;

	private final Map<AcceptError, Long> acceptErrors = new ConcurrentHashMap<>();

	private final ReentrantLock lifecycleLock = new ReentrantLock();

	// What lives from a start to the next stop
	private record Run(ListeningSocket socket, Admission admission, AcceptLoop loop, TimeoutWatchdog watchdog,
			Instant startedAt, EffectiveSettings settings) {
	}

	private volatile @Nullable Run run;

	// Counts while there is no run, and while a run drains
	private volatile ServerState state = ServerState.STARTING;

	/**
	 * Creates a server, not started.
	 * @param settings what it is asked to do
	 * @param protocol what it does with connections
	 * @param registry where the connections are registered while they are open
	 * @param kernelLimits reads the kernel's limits
	 * @param diagnostics asks the kernel about sockets
	 */
	public TcpServer(ServerSettings settings, ServedProtocol protocol, ConnectionRegistry registry,
			Supplier<KernelLimits> kernelLimits, SocketDiagnostics diagnostics) {
		this.settings = settings;
		this.protocol = protocol;
		this.scheduler = settings.serving().threads().scheduler();
		this.registry = registry;
		this.kernelLimits = kernelLimits;
		this.diagnostics = diagnostics;
	}

	/**
	 * Binds and starts to accept. Returns when connections are accepted; does nothing if
	 * they are already.
	 * @throws TcpBindException if the address can't be bound; the server is stopped then
	 */
	public void start() {
		this.lifecycleLock.lock();
		try {
			if (this.run == null) {
				this.state = ServerState.STARTING;
				this.run = open();
			}
		}
		finally {
			if (this.run == null) {
				this.state = ServerState.STOPPED;
			}
			this.lifecycleLock.unlock();
		}
	}

	private Run open() {
		// Before the first newcomer can take the descriptors that this needs
		this.scheduler.start();
		try {
			return listen();
		}
		catch (Throwable ex) {
			this.scheduler.stop();
			throw ex;
		}
	}

	private Run listen() {
		KernelLimits limits = this.kernelLimits.get();
		// The kernel takes the least of this and its own limit
		long somaxconn = limits.number("net.core.somaxconn").orElse(Integer.MAX_VALUE);
		TimeoutWatchdog watchdog = watchdog();
		ListeningSocket socket = ListeningSocket.open(this.settings.listener(), this.settings.sockets(),
				(int) Math.min(somaxconn, Integer.MAX_VALUE));
		try {
			EffectiveSettings effective = EffectiveSettings.read(this.settings.listener(), this.settings.sockets(),
					this.settings.serving().maxConnections(), socket, limits, this.diagnostics);
			AcceptedSockets sockets = new AcceptedSockets(this.protocol, this.settings.admission().proxies(), socket,
					effective, this.registry, this.scheduler);
			Admission admission = new Admission(this.settings.serving().maxConnections(), this.settings.admission());
			AcceptLoop loop = new AcceptLoop(socket, admission, sockets::serve,
					(error) -> this.acceptErrors.merge(error, 1L, Long::sum), () -> queueLength(socket));
			logStart(socket.address(), effective, limits);
			watchdog.start();
			loop.start();
			return new Run(socket, admission, loop, watchdog, Instant.now(), effective);
		}
		catch (Throwable ex) {
			watchdog.close();
			socket.close();
			throw ex;
		}
	}

	private TimeoutWatchdog watchdog() {
		ProxyRule proxies = this.settings.admission().proxies();
		Duration minLayerTimeout = Stream
			.concat(this.protocol.layers().stream(), Stream.ofNullable(proxies).map(ProxyRule::layer))
			.map(Layer::timeout)
			.filter(Duration::isPositive)
			.min(Duration::compareTo)
			.orElse(Duration.ZERO);
		return new TimeoutWatchdog(this.registry, minLayerTimeout, this.settings.serving().idleTimeout(),
				this.settings.serving().writeTimeout(),
				new MaxAge(this.settings.serving().maxAge(), this.settings.serving().gracePeriod()),
				this::acknowledgedBytes, this.scheduler::adapt);
	}

	private OptionalLong queueLength(ListeningSocket socket) {
		return this.diagnostics.listener(socket.address())
			.map(ListenerDiagnostics::queueLength)
			.map(OptionalLong::of)
			.orElse(OptionalLong.empty());
	}

	private OptionalLong acknowledgedBytes(Connection connection) {
		// Another source does not know it, and takes as long as a whole sample to say so
		if (this.diagnostics.source() != Source.SOCK_DIAG) {
			return OptionalLong.empty();
		}
		return this.diagnostics.connection(connection.socketKey())
			.map((figures) -> figures.get(TcpInfoField.SEND_QUEUE).equals(OptionalLong.of(0))
					? OptionalLong.of(TimeoutWatchdog.ALL) : figures.get(TcpInfoField.BYTES_ACKED))
			.orElse(OptionalLong.empty());
	}

	private void logStart(InetSocketAddress address, EffectiveSettings effective, KernelLimits limits) {
		logger.info("Listening on {} ({}): SYN queue max {}; {}; at most {} connections", SocketAddresses.text(address),
				this.protocol.name(), Setting.text(limits.number("net.ipv4.tcp_max_syn_backlog")), effective.text(),
				this.settings.serving().maxConnections());
	}

	/**
	 * Drains and stops, see {@link Drain}. Returns when all connections are closed; does
	 * nothing if the server is stopped. A caller that is interrupted waits no longer:
	 * connections are then cut at once.
	 */
	public void stop() {
		this.lifecycleLock.lock();
		try {
			Run stopping = this.run;
			if (stopping != null) {
				this.state = ServerState.DRAINING;
				stop(stopping);
			}
		}
		finally {
			this.lifecycleLock.unlock();
		}
	}

	private void stop(Run stopping) {
		try {
			new Drain(stopping.loop, stopping.watchdog, this.registry, this.settings.serving(),
					this.protocol.afterDrain())
				.run(SocketAddresses.text(stopping.socket.address()));
		}
		finally {
			stopping.watchdog.close();
			this.scheduler.stop();
			this.run = null;
			this.state = ServerState.STOPPED;
		}
	}

	private ServerState state(@Nullable Run now) {
		return (now == null || this.state == ServerState.DRAINING) ? this.state : now.loop.state();
	}

	private ServerState accepting(@Nullable Run now) {
		if (now == null) {
			return this.state;
		}
		return now.loop.isStopping() ? ServerState.STOPPED : now.loop.state();
	}

	/**
	 * The address it listens on, with the port that was taken; null while it does not
	 * listen.
	 */
	public @Nullable InetSocketAddress address() {
		Run now = this.run;
		return (now != null) ? now.socket.address() : null;
	}

	/**
	 * What it asked for and what it got, as read at the start; null while it does not
	 * listen.
	 */
	public @Nullable EffectiveSettings settings() {
		Run now = this.run;
		return (now != null) ? now.settings : null;
	}

	/**
	 * All that there is to know about it, as things are now.
	 */
	public ServerStatus status() {
		Run now = this.run;
		return new ServerStatus(state(now), accepting(now), (now != null) ? now.loop.failure() : null,
				(now != null) ? now.loop.backingOffFor() : Duration.ZERO, (now != null) ? now.loop.acceptError() : null,
				(now != null) ? now.socket.address() : null, (now != null) ? now.startedAt : null,
				(now != null) ? now.settings : null, this.protocol.name(), this.protocol.source(),
				this.settings.sockets(), this.settings.serving(), this.settings.admission(),
				(now != null) ? now.admission.addressesAtLimit() : 0,
				(now != null) ? this.scheduler.stalls() : List.of(), Map.copyOf(this.acceptErrors));
	}

}
