package io.weir.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.connection.ConnectionWatch;
import io.weir.connection.LogLimiter;
import io.weir.connection.ThreadPlacement;
import io.weir.kernel.KernelLimits;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.Source;
import io.weir.kernel.TcpInfoField;
import io.weir.tls.ServerTls;
import io.weir.tls.TlsStatus;

/**
 * The blocking TCP server: one thread accepts, each connection has a thread of its own,
 * one thread watches the time. It can be started and stopped again and again. Safe for
 * any thread.
 */
public final class TcpServer {

	private static final Duration ABORT_TIME = Duration.ofMillis(500);

	private static final Duration POLL_TIME = Duration.ofMillis(10);

	private static final Logger logger = LoggerFactory.getLogger(TcpServer.class);

	private final ListenerSettings listenerSettings;

	private final SocketSettings socketSettings;

	private final ServingSettings servingSettings;

	private final String protocol;

	private final ConnectionHandler handler;

	private final ConnectionRegistry registry;

	private final Supplier<KernelLimits> kernelLimits;

	private final SocketDiagnostics diagnostics;

	private final @Nullable ServerTls tls;

	private final EnumCounter<AcceptError> acceptErrors = new EnumCounter<>(AcceptError.class);

	private final EnumCounter<RejectReason> rejected = new EnumCounter<>(RejectReason.class);

	private final @Nullable ThreadPlacement placement;

	private final LogLimiter rejections = new LogLimiter();

	private final ReentrantLock lifecycleLock = new ReentrantLock();

	// What lives from a start to the next stop
	private record Run(AcceptLoop loop, ConnectionWatch watch, InetSocketAddress address, Instant startedAt,
			EffectiveSettings settings) {
	}

	private volatile @Nullable Run run;

	// Counts while there is no run, and while a run drains
	private volatile ServerState state = ServerState.STARTING;

	/**
	 * Creates a server, not started.
	 * @param listenerSettings what to ask for of the listening socket
	 * @param socketSettings what to ask for of each accepted socket
	 * @param servingSettings how to serve connections
	 * @param protocol the name of what the handler does, for people
	 * @param handler serves each connection
	 * @param registry where the connections are registered while they are open
	 * @param kernelLimits reads the kernel's limits
	 * @param diagnostics asks the kernel about sockets
	 * @param tls protects each connection; null leaves them as they are
	 */
	public TcpServer(ListenerSettings listenerSettings, SocketSettings socketSettings, ServingSettings servingSettings,
			String protocol, ConnectionHandler handler, ConnectionRegistry registry,
			Supplier<KernelLimits> kernelLimits, SocketDiagnostics diagnostics, @Nullable ServerTls tls) {
		this.listenerSettings = listenerSettings;
		this.socketSettings = socketSettings;
		this.servingSettings = servingSettings;
		this.protocol = protocol;
		this.handler = handler;
		this.registry = registry;
		this.kernelLimits = kernelLimits;
		this.diagnostics = diagnostics;
		this.tls = tls;
		this.placement = (servingSettings.threads() == ConnectionThreads.AUTO) ? new ThreadPlacement(registry::active)
				: null;
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
				Run started = open();
				started.watch.start();
				started.loop.start();
				if (this.placement != null) {
					this.placement.begin();
				}
				this.run = started;
			}
		}
		finally {
			this.state = ServerState.STOPPED;
			this.lifecycleLock.unlock();
		}
	}

	private Run open() {
		KernelLimits limits = this.kernelLimits.get();
		// The kernel takes the least of this and its own limit
		long somaxconn = limits.number("net.core.somaxconn").orElse(Integer.MAX_VALUE);
		ListeningSocket socket = ListeningSocket.open(this.listenerSettings, this.socketSettings.keepAlive(),
				(int) Math.min(somaxconn, Integer.MAX_VALUE));
		try {
			return open(socket, limits);
		}
		catch (RuntimeException | Error ex) {
			socket.closeQuietly();
			throw ex;
		}
	}

	private Run open(ListeningSocket socket, KernelLimits limits) {
		EffectiveSettings settings = EffectiveSettings.read(this.listenerSettings, this.socketSettings,
				this.servingSettings.maxConnections(), socket, limits, this.diagnostics);
		Semaphore permits = new Semaphore(this.servingSettings.maxConnections());
		AcceptLoop loop = new AcceptLoop(socket, permits, (channel) -> serve(channel, permits),
				(error) -> this.acceptErrors.increment(error));
		ConnectionWatch watch = new ConnectionWatch(this.registry,
				(this.tls != null) ? this.tls.handshakeTimeout() : Duration.ZERO, this.servingSettings.idleTimeout(),
				this.servingSettings.writeTimeout(), this::acknowledgedBytes);
		if (this.placement != null) {
			watch.alsoRun(this.placement::adapt);
		}
		logStart(socket.address(), settings, limits);
		return new Run(loop, watch, socket.address(), Instant.now(), settings);
	}

	private OptionalLong acknowledgedBytes(Connection connection) {
		// Another source does not know it, and takes as long as a whole sample to say so
		if (this.diagnostics.source() != Source.SOCK_DIAG) {
			return OptionalLong.empty();
		}
		return this.diagnostics.connection(connection.socketKey())
			.map((figures) -> figures.get(TcpInfoField.BYTES_ACKED))
			.orElse(OptionalLong.empty());
	}

	private void logStart(InetSocketAddress address, EffectiveSettings settings, KernelLimits limits) {
		logger.info("Listening on {} ({}): SYN queue max {}; {}; at most {} connections{}", text(address),
				this.protocol, Setting.text(limits.number("net.ipv4.tcp_max_syn_backlog")), settings.text(),
				this.servingSettings.maxConnections(), tlsText());
	}

	private String tlsText() {
		return (this.tls != null) ? "; TLS with the certificate of " + this.tls.certificate().subject()
				+ ", valid until " + this.tls.certificate().notAfter() : "";
	}

	private static String text(InetSocketAddress address) {
		return address.getAddress().getHostAddress() + ":" + address.getPort();
	}

	// On the accept thread. From here on the permit is given back on every path.
	private void serve(SocketChannel channel, Semaphore permits) {
		Connection connection = null;
		try {
			connection = this.registry.open(channel);
			if (this.placement != null) {
				connection.setPlacement(this.placement);
			}
			Connection opened = connection;
			this.servingSettings.threads()
				.unstarted("connection-" + connection.id(), () -> run(opened, permits))
				.start();
		}
		catch (IOException ex) {
			reject(connection, channel, permits, RejectReason.SOCKET_OPTION, ex);
		}
		catch (Throwable ex) {
			reject(connection, channel, permits, RejectReason.THREAD_START, ex);
		}
	}

	// On the connection's thread
	private void run(Connection connection, Semaphore permits) {
		try {
			this.socketSettings.applyTo(connection.channel());
			logConnected(connection);
			if (this.tls != null) {
				connection.secure(this.tls.secure(connection.channel()));
			}
		}
		catch (Throwable ex) {
			reject(connection, connection.channel(), permits, RejectReason.SOCKET_OPTION, ex);
			return;
		}
		try {
			this.registry.serve(connection, this.handler);
		}
		finally {
			permits.release();
		}
	}

	private void reject(@Nullable Connection connection, SocketChannel channel, Semaphore permits, RejectReason reason,
			Throwable cause) {
		try {
			this.rejected.increment(reason);
			if (connection != null) {
				this.registry.reject(connection);
			}
			channel.close();
			if (cause instanceof IOException) {
				// The peer's doing
				logger.debug("{} closed before it was served: {}", connection, cause.toString());
			}
			else {
				long suppressed = this.rejections.tryAcquire();
				if (suppressed >= 0) {
					logger.warn("{} closed: {} ({} such lines were left out before)", connection,
							(reason == RejectReason.THREAD_START)
									? "no thread could be started for it. What to do: raise the limit of threads (ulimit -u, pids)"
									: "it could not be prepared, which is a bug or a want of memory",
							suppressed, cause);
				}
			}
		}
		catch (IOException ex) {
			logger.debug("Closing a rejected connection: {}", ex.toString());
		}
		finally {
			permits.release();
		}
	}

	private void logConnected(Connection connection) throws IOException {
		if (logger.isDebugEnabled()) {
			SocketChannel channel = connection.channel();
			EffectiveSettings settings = settings();
			connection.fields(logger.atDebug()).log("connected by {}", connection.peerText());
			connection.fields(logger.atDebug())
				.log("recv buffer size: {} (max={})",
						(long) channel.getOption(StandardSocketOptions.SO_RCVBUF) * EffectiveSettings.BUFFER_FACTOR,
						(settings != null) ? Setting.text(settings.receiveBuffer().maximum()) : "unknown");
			connection.fields(logger.atDebug())
				.log("send buffer size: {} (max={})",
						(long) channel.getOption(StandardSocketOptions.SO_SNDBUF) * EffectiveSettings.BUFFER_FACTOR,
						(settings != null) ? Setting.text(settings.sendBuffer().maximum()) : "unknown");
		}
	}

	/**
	 * Drains and stops. After the drain delay the listening socket is closed, when what
	 * waited in its queue has been accepted; connections are served until they end, are
	 * quiet between two exchanges, or the grace period is over. Returns when all are
	 * closed; does nothing if the server is stopped. A caller that is interrupted waits
	 * no longer: connections are then cut at once.
	 */
	public void stop() {
		this.lifecycleLock.lock();
		try {
			Run stopping = this.run;
			if (stopping != null) {
				this.state = ServerState.DRAINING;
				drain(stopping);
				this.run = null;
			}
		}
		finally {
			this.state = ServerState.STOPPED;
			this.lifecycleLock.unlock();
		}
	}

	private void drain(Run stopping) {
		Totals before = this.registry.totals();
		long begin = System.nanoTime();
		logger.info("Draining: {} connections are open; accepting for {} ms more, then serving them for at most {} ms",
				this.registry.active(), this.servingSettings.drainDelay().toMillis(),
				this.servingSettings.gracePeriod().toMillis());
		boolean interrupted = false;
		try {
			Thread.sleep(this.servingSettings.drainDelay());
			stopping.loop.stop();
			stopping.watch.drain();
			awaitClosed(this.servingSettings.gracePeriod());
		}
		catch (InterruptedException ex) {
			interrupted = true;
			logger.warn("Interrupted while draining: what is still open is cut");
		}
		try {
			stopping.loop.stop();
			this.registry.connections().forEach((connection) -> connection.end(CloseReason.DRAIN_TIMEOUT));
			awaitClosed(Connection.LINGER_TIME.plus(ABORT_TIME));
		}
		catch (InterruptedException ex) {
			interrupted = true;
			logger.warn("Interrupted while cutting connections: {} are left to themselves", this.registry.active());
		}
		stopping.watch.close();
		if (this.placement != null) {
			this.placement.end();
		}
		Totals after = this.registry.totals();
		logger.info(
				"Stopped listening on {} after {} ms: {} connections drained, {} cut at the end of the grace period, "
						+ "{} received bytes not answered",
				text(stopping.address), Duration.ofNanos(System.nanoTime() - begin).toMillis(),
				after.closed(CloseReason.DRAINED) - before.closed(CloseReason.DRAINED),
				after.closed(CloseReason.DRAIN_TIMEOUT) - before.closed(CloseReason.DRAIN_TIMEOUT),
				after.bytesUnanswered() - before.bytesUnanswered());
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	private void awaitClosed(Duration atMost) throws InterruptedException {
		long begin = System.nanoTime();
		// Saturates at 292 years
		long most = TimeUnit.NANOSECONDS.convert(atMost);
		while (this.registry.active() > 0 && System.nanoTime() - begin < most) {
			Thread.sleep(POLL_TIME);
		}
	}

	/**
	 * What the server is at.
	 * @return the state now
	 */
	public ServerState state() {
		return state(this.run);
	}

	private ServerState state(@Nullable Run now) {
		return (now == null || this.state == ServerState.DRAINING) ? this.state : now.loop.state();
	}

	/**
	 * The address it listens on.
	 * @return with the port that was taken; null while it does not listen
	 */
	public @Nullable InetSocketAddress address() {
		Run now = this.run;
		return (now != null) ? now.address : null;
	}

	/**
	 * What it asked for and what it got.
	 * @return as read at the start; null while it does not listen
	 */
	public @Nullable EffectiveSettings settings() {
		Run now = this.run;
		return (now != null) ? now.settings : null;
	}

	/**
	 * All that there is to know about it.
	 * @return as things are now
	 */
	public ServerStatus status() {
		Run now = this.run;
		return new ServerStatus(state(now), (now != null) ? now.loop.failure() : null,
				(now != null) ? now.loop.backingOffFor() : Duration.ZERO, (now != null) ? now.address : null,
				(now != null) ? now.startedAt : null, (now != null) ? now.settings : null, this.protocol,
				this.socketSettings, this.servingSettings, TlsStatus.of(this.tls), this.rejected.counts(),
				this.acceptErrors.counts());
	}

}
