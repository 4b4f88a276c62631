package io.weir.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.ConnectionRunner;
import io.weir.connection.LogLimiter;
import io.weir.connection.ProxyRule;
import io.weir.connection.RejectReason;
import io.weir.connection.Slot;
import io.weir.scheduling.ConnectionScheduler;
import io.weir.scheduling.ConnectionThread;
import io.weir.transport.SocketAddresses;

/**
 * Makes a connection with a thread of its own of each accepted socket. Called by the
 * accept thread.
 */
final class AcceptedSockets {

	private static final String NO_THREAD = "A connection was closed: no thread could be started for it. "
			+ "What to do: raise the limit of threads (ulimit -u, pids)";

	private static final String NOT_PREPARED = "A connection was closed: it could not be prepared, "
			+ "which is a bug or a lack of memory";

	private static final Logger logger = LoggerFactory.getLogger(AcceptedSockets.class);

	private final ConnectionRegistry registry;

	private final ConnectionScheduler scheduler;

	private final ConnectionRunner runner;

	private final LogLimiter failures = new LogLimiter();

	/**
	 * Creates the way of a server's accepted sockets.
	 * @param protocol what to do with them
	 * @param proxies which of them are proxies; null if none is
	 * @param listener where they come from
	 * @param settings what they get
	 * @param registry where connections are registered
	 * @param scheduler makes their threads
	 */
	AcceptedSockets(ServedProtocol protocol, @Nullable ProxyRule proxies, ListeningSocket listener,
			EffectiveSettings settings, ConnectionRegistry registry, ConnectionScheduler scheduler) {
		this.registry = registry;
		this.scheduler = scheduler;
		this.runner = new ConnectionRunner(registry, (connection) -> {
			listener.prepare(connection.channel());
			logConnected(connection, proxies, settings);
		}, proxies, protocol.layers(), protocol.handler());
	}

	/**
	 * Starts to serve a socket, unless its client is rejected. Nothing is thrown: a
	 * socket that can't be served is closed, and its place free again.
	 * @param channel the socket, owned from here on
	 * @param slot its place, owned from here on
	 */
	void serve(SocketChannel channel, Slot slot) {
		Connection connection = null;
		try {
			InetSocketAddress remote = (InetSocketAddress) channel.getRemoteAddress();
			RejectReason refused = this.runner.isProxy(remote.getAddress()) ? null : slot.admit(remote.getAddress());
			if (refused != null) {
				logRefused(remote, refused);
				reject(null, channel, slot, refused);
				return;
			}
			long id = this.registry.nextId();
			ConnectionThread thread = this.scheduler.newThread("connection-" + id, channel);
			Connection opened = new Connection(id, channel, thread, this.runner.firstLayer(remote.getAddress()));
			this.registry.register(opened);
			connection = opened;
			thread.start(() -> this.runner.run(opened, slot));
		}
		catch (IOException ex) {
			logger.debug("A connection was gone before it was served: {}", ex.toString());
			reject(connection, channel, slot, RejectReason.SOCKET_OPTION);
		}
		catch (Throwable ex) {
			boolean atStart = connection != null;
			this.failures.warn(logger, atStart ? NO_THREAD : NOT_PREPARED, ex);
			reject(connection, channel, slot, atStart ? RejectReason.THREAD_START : RejectReason.PREPARATION);
		}
	}

	private static void logRefused(InetSocketAddress remote, RejectReason reason) {
		if (logger.isDebugEnabled()) {
			String peer = SocketAddresses.text(remote);
			logger.atDebug().addKeyValue("peer", peer).log("{}: {}", peer, reason.text());
		}
	}

	private void reject(@Nullable Connection connection, SocketChannel channel, Slot slot, RejectReason reason) {
		try (slot) {
			if (connection != null) {
				this.registry.reject(connection, reason);
			}
			else {
				this.registry.reject(channel, reason);
			}
		}
	}

	private static void logConnected(Connection connection, @Nullable ProxyRule proxies, EffectiveSettings settings)
			throws IOException {
		if (logger.isDebugEnabled()) {
			SocketChannel channel = connection.channel();
			// A proxy has yet to say for whom it connects
			if (proxies == null || !proxies.isFor(connection.peer().getAddress())) {
				connection.fields(logger.atDebug()).log("connected by {}", connection.peerText());
			}
			connection.fields(logger.atDebug())
				.log("recv buffer size: {} (max={})",
						(long) channel.getOption(StandardSocketOptions.SO_RCVBUF) * BufferSetting.FACTOR,
						Setting.text(settings.receiveBuffer().setting().maximum()));
			connection.fields(logger.atDebug())
				.log("send buffer size: {} (max={})",
						(long) channel.getOption(StandardSocketOptions.SO_SNDBUF) * BufferSetting.FACTOR,
						Setting.text(settings.sendBuffer().setting().maximum()));
		}
	}

}
