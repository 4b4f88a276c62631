package io.weir.connection;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.api.ConnectionHandler;
import io.weir.text.EscapedFailure;
import io.weir.text.PeerText;
import io.weir.transport.SecureSession;
import io.weir.transport.SocketAddresses;

/**
 * Runs connections from their accept to their end, each on its own thread. Safe for any
 * thread.
 */
public final class ConnectionRunner {

	private static final Logger logger = LoggerFactory.getLogger(ConnectionRunner.class);

	// They may form a circle
	private static final int MAX_CAUSES = 100;

	private final ConnectionRegistry registry;

	private final Preparation preparation;

	private final @Nullable ProxyRule proxies;

	private final List<Layer> layers;

	private final ConnectionHandler handler;

	private final LogLimiter rejections = new LogLimiter();

	private final LogLimiter failures = new LogLimiter();

	/**
	 * Creates the runner of a server's connections.
	 * @param registry where they are registered
	 * @param preparation sets the options of each socket
	 * @param proxies who says for whom it connects; null if nobody does
	 * @param layers what is agreed on before the handler, the lowest first
	 * @param handler serves each connection
	 */
	public ConnectionRunner(ConnectionRegistry registry, Preparation preparation, @Nullable ProxyRule proxies,
			List<Layer> layers, ConnectionHandler handler) {
		this.registry = registry;
		this.preparation = preparation;
		this.proxies = proxies;
		this.layers = List.copyOf(layers);
		this.handler = handler;
	}

	/**
	 * Whether an address is that of a proxy, which says for whom it connects.
	 */
	public boolean isProxy(InetAddress address) {
		return this.proxies != null && this.proxies.isFor(address);
	}

	/**
	 * The first layer, which a connection is in from its accept on; null without layers.
	 * @param address the socket's other side
	 */
	public @Nullable Layer firstLayer(InetAddress address) {
		if (this.proxies != null && this.proxies.isFor(address)) {
			return this.proxies.layer();
		}
		return this.layers.isEmpty() ? null : this.layers.getFirst();
	}

	/**
	 * The story of a connection. Called by its thread; nothing is thrown.
	 * @param connection a registered connection; unless a proxy has opened it, it is
	 * admitted
	 * @param slot its place, free when the story is over
	 */
	public void run(Connection connection, Slot slot) {
		connection.begins();
		try (slot) {
			if (prepare(connection)) {
				serve(connection, slot);
			}
		}
	}

	private void serve(Connection connection, Slot slot) {
		EndReason reason = CloseReason.HANDLER_ERROR;
		HandlerConnection door = null;
		try {
			reason = identify(connection, slot);
			if (reason == null) {
				this.registry.opened(connection);
				reason = agree(connection);
			}
			if (reason == null) {
				door = new HandlerConnection(connection);
				reason = handle(connection, door);
			}
		}
		catch (Throwable ex) {
			reason = failed(connection, ex);
		}
		finally {
			end(connection, Objects.requireNonNullElse(reason, CloseReason.HANDLER_ERROR),
					door != null && door.isPeerEnded());
		}
	}

	private boolean prepare(Connection connection) {
		try {
			this.preparation.prepare(connection);
			return true;
		}
		catch (IOException ex) {
			connection.ending().causedBy(ex);
			connection.debug(ex, "before it was served");
			this.registry.reject(connection, RejectReason.SOCKET_OPTION);
		}
		catch (Throwable ex) {
			connection.ending().failed(ex);
			warn(this.rejections, connection, "could not be prepared, which is a bug or a lack of memory", ex);
			this.registry.reject(connection, RejectReason.PREPARATION);
		}
		return false;
	}

	// Asks a proxy for whom it comes, and whether that client is admitted. Returns why
	// the connection ended; null if it goes on
	private @Nullable EndReason identify(Connection connection, Slot slot) {
		if (this.proxies == null || !this.proxies.layer().equals(connection.path().layer())) {
			return null;
		}
		EndReason failure = agree(connection, this.proxies.layer());
		if (failure != null) {
			return failure;
		}
		InetAddress address = connection.peer().getAddress();
		InetSocketAddress proxy = connection.via();
		RejectReason refused = (proxy != null) ? slot.admit(address) : slot.admitProxy(address);
		if (logger.isDebugEnabled()) {
			String who = connection.peerText() + ((proxy != null) ? " via " + SocketAddresses.text(proxy) : "");
			connection.fields(logger.atDebug())
				.log("{}", (refused != null) ? who + ": " + refused.text() : "connected by " + who);
		}
		return refused;
	}

	private @Nullable EndReason agree(Connection connection, Layer layer) {
		try {
			connection.path().begins(layer);
			connection.path().agreed(layer.layer().wrap(connection.path().transport(), connection.path()));
			connection.counters().addReceived(0);
			return null;
		}
		catch (IOException ex) {
			return debug(connection, connection.path().isEmpty() ? CloseReason.EMPTY : layer.failed(), ex);
		}
		catch (Throwable ex) {
			return failed(connection, ex);
		}
	}

	// Returns null if all layers are agreed on, else why the connection ended
	private @Nullable EndReason agree(Connection connection) {
		for (Layer layer : this.layers) {
			EndReason failure = agree(connection, layer);
			if (failure != null) {
				return failure;
			}
		}
		try {
			// It may have ended before its thread ran: then no handler begins
			connection.lifecycle().layersDone();
			logSession(connection);
			return null;
		}
		catch (ConnectionEndedException ex) {
			return CloseReason.IO_ERROR;
		}
	}

	private static void logSession(Connection connection) {
		SecureSession session = connection.session();
		if (session != null && logger.isDebugEnabled()) {
			connection.fields(logger.atDebug())
				.log("{}: {}, {}, {}", connection.peerText(), session.protocol(), session.cipherSuite(),
						PeerText.escape(session.peerSubject()));
		}
	}

	private EndReason handle(Connection connection, HandlerConnection door) {
		Throwable thrown = null;
		connection.ending().interrupt().handlerBegins();
		try {
			this.handler.handle(door);
		}
		catch (Throwable ex) {
			thrown = ex;
		}
		finally {
			connection.ending().interrupt().handlerEnds();
		}
		EndReason outcome = outcome(connection, door, thrown);
		boolean seemsEmpty = outcome == CloseReason.END_OF_STREAM || outcome == CloseReason.RESET;
		return (seemsEmpty && connection.path().isEmpty()) ? CloseReason.EMPTY : outcome;
	}

	private EndReason outcome(Connection connection, HandlerConnection door, @Nullable Throwable thrown) {
		IOException failure = door.failure();
		if (failure != null && (thrown == null || isCausedBy(thrown, failure))) {
			return debug(connection, HandlerConnection.isReset(failure) ? CloseReason.RESET : CloseReason.IO_ERROR,
					failure);
		}
		if (thrown == null) {
			return door.isPeerEnded() ? CloseReason.END_OF_STREAM : CloseReason.CLOSED_BY_HANDLER;
		}
		if (thrown instanceof EOFException && door.isPeerEnded()) {
			return connection.lifecycle().isInExchange() ? CloseReason.PARTIAL_RECORD : CloseReason.END_OF_STREAM;
		}
		return failed(connection, thrown);
	}

	private static EndReason debug(Connection connection, EndReason outcome, IOException cause) {
		connection.ending().causedBy(cause);
		if (logger.isDebugEnabled()) {
			EndReason ended = connection.endReason();
			boolean byServer = ended != null && ended.isByServer();
			connection.fields(logger.atDebug())
				.log("{}: {} ({})", connection.peerText(), ((ended != null) ? ended : outcome).text(),
						byServer ? "ended by the server" : PeerText.escape(cause.toString()));
		}
		return outcome;
	}

	@SuppressWarnings("ReferenceEquality") // This very failure, not one like it
	private static boolean isCausedBy(Throwable thrown, IOException failure) {
		Throwable cause = thrown;
		for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
			if (cause == failure) {
				return true;
			}
			cause = cause.getCause();
		}
		return false;
	}

	private CloseReason failed(Connection connection, Throwable cause) {
		connection.ending().failed(cause);
		// After the end a handler may fail in any way, being interrupted
		EndReason ended = connection.endReason();
		if (!connection.ending().interrupt().isSent() && (ended == null || !ended.isByServer())) {
			warn(this.failures, connection, "has a handler that failed", cause);
		}
		return CloseReason.HANDLER_ERROR;
	}

	private static void warn(LogLimiter limiter, Connection connection, String what, Throwable cause) {
		try {
			limiter.log((suppressed) -> connection.fields(logger.atWarn())
				.setCause(new EscapedFailure(cause))
				.log("{} {}; only this connection is closed ({} such lines were suppressed before)", connection, what,
						suppressed));
		}
		catch (Throwable withoutLine) {
			// There was no memory to call it, and the connection has to end
		}
	}

	private void end(Connection connection, EndReason outcome, boolean peerEnded) {
		try {
			boolean handlerIsDone = outcome == CloseReason.END_OF_STREAM || outcome == CloseReason.PARTIAL_RECORD
					|| outcome == CloseReason.CLOSED_BY_HANDLER || outcome == CloseReason.EMPTY;
			if (handlerIsDone && !connection.lifecycle().isWriting()) {
				connection.ending().close().sendEndInTime(peerEnded);
			}
		}
		catch (ConnectionEndedException | IllegalStateException ex) {
			// Another has ended it meanwhile, or a thread of the handler's still writes
			connection.debug(ex, "before its own end");
		}
		finally {
			connection.ending().endedBy(outcome);
			finish(connection, peerEnded);
		}
	}

	private void finish(Connection connection, boolean peerEnded) {
		try {
			connection.ending().close().finish(peerEnded);
		}
		catch (RuntimeException | Error ex) {
			connection.ending().failed(ex);
		}
		finally {
			connection.abort(CloseReason.IO_ERROR);
			this.registry.ended(connection);
		}
	}

}
