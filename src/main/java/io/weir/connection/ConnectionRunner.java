package io.weir.connection;

import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.api.ConnectionHandler;
import io.weir.text.EscapedFailure;
import io.weir.text.PeerText;
import io.weir.transport.SecureSession;

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

	private final List<Layer> layers;

	private final ConnectionHandler handler;

	private final LogLimiter rejections = new LogLimiter();

	private final LogLimiter failures = new LogLimiter();

	/**
	 * Creates the runner of a server's connections.
	 * @param registry where they are registered
	 * @param preparation sets the options of each socket
	 * @param layers what is agreed on before the handler, the lowest first
	 * @param handler serves each connection
	 */
	public ConnectionRunner(ConnectionRegistry registry, Preparation preparation, List<Layer> layers,
			ConnectionHandler handler) {
		this.registry = registry;
		this.preparation = preparation;
		this.layers = List.copyOf(layers);
		this.handler = handler;
	}

	/**
	 * The first layer, which a connection is in from its accept on; null without layers.
	 */
	public @Nullable Layer firstLayer() {
		return this.layers.isEmpty() ? null : this.layers.getFirst();
	}

	/**
	 * The story of a connection. Called by its thread; nothing is thrown.
	 * @param connection a registered connection
	 * @param slot its place, free when the story is over
	 */
	public void run(Connection connection, Slot slot) {
		connection.begins();
		try (slot) {
			if (admit(connection)) {
				serve(connection);
			}
		}
	}

	private void serve(Connection connection) {
		CloseReason reason = CloseReason.HANDLER_ERROR;
		HandlerConnection door = new HandlerConnection(connection);
		try {
			this.registry.opened(connection);
			reason = agree(connection);
			if (reason == null) {
				reason = handle(connection, door);
			}
		}
		catch (Throwable ex) {
			reason = failed(connection, ex);
		}
		finally {
			end(connection, Objects.requireNonNullElse(reason, CloseReason.HANDLER_ERROR), door.isPeerEnded());
		}
	}

	private boolean admit(Connection connection) {
		try {
			this.preparation.prepare(connection);
			return true;
		}
		catch (IOException ex) {
			connection.causedBy(ex);
			connection.debug(ex, "before it was served");
			this.registry.reject(connection, RejectReason.SOCKET_OPTION);
		}
		catch (Throwable ex) {
			connection.failed(ex);
			warn(this.rejections, connection, "could not be prepared, which is a bug or a lack of memory", ex);
			this.registry.reject(connection, RejectReason.PREPARATION);
		}
		return false;
	}

	// Returns null if all layers are agreed on, else why the connection ended
	private @Nullable CloseReason agree(Connection connection) {
		for (Layer layer : this.layers) {
			try {
				connection.path().begins(layer);
				connection.path().agreed(layer.layer().wrap(connection.path().transport(), connection.path()));
				connection.counters().addReceived(0);
			}
			catch (IOException ex) {
				return debug(connection, (connection.path().socket().reads() > 0) ? layer.failed() : CloseReason.EMPTY,
						ex);
			}
			catch (Throwable ex) {
				return failed(connection, ex);
			}
		}
		try {
			if (!this.layers.isEmpty()) {
				connection.lifecycle().layersDone();
				logSession(connection);
			}
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

	private CloseReason handle(Connection connection, HandlerConnection door) {
		Throwable thrown = null;
		connection.interrupt().handlerBegins();
		try {
			this.handler.handle(door);
		}
		catch (Throwable ex) {
			thrown = ex;
		}
		finally {
			connection.interrupt().handlerEnds();
		}
		CloseReason outcome = outcome(connection, door, thrown);
		boolean seemsEmpty = outcome == CloseReason.END_OF_STREAM || outcome == CloseReason.RESET;
		return (seemsEmpty && connection.path().socket().reads() == 0) ? CloseReason.EMPTY : outcome;
	}

	private CloseReason outcome(Connection connection, HandlerConnection door, @Nullable Throwable thrown) {
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

	private static CloseReason debug(Connection connection, CloseReason outcome, IOException cause) {
		connection.causedBy(cause);
		if (logger.isDebugEnabled()) {
			CloseReason ended = connection.closeReason();
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
		connection.failed(cause);
		// After the end a handler may fail in any way, being interrupted
		CloseReason ended = connection.closeReason();
		if (!connection.interrupt().isSent() && (ended == null || !ended.isByServer())) {
			warn(this.failures, connection, "has a handler that failed", cause);
		}
		return CloseReason.HANDLER_ERROR;
	}

	private static void warn(LogLimiter limiter, Connection connection, String what, Throwable cause) {
		long suppressed = limiter.tryAcquire();
		if (suppressed >= 0) {
			connection.fields(logger.atWarn())
				.setCause(new EscapedFailure(cause))
				.log("{} {}; only this connection is closed ({} such lines were suppressed before)", connection, what,
						suppressed);
		}
	}

	private void end(Connection connection, CloseReason outcome, boolean peerEnded) {
		try {
			boolean handlerIsDone = outcome == CloseReason.END_OF_STREAM || outcome == CloseReason.PARTIAL_RECORD
					|| outcome == CloseReason.CLOSED_BY_HANDLER || outcome == CloseReason.EMPTY;
			if (handlerIsDone && !connection.lifecycle().isWriting()) {
				connection.close().sendEndInTime(peerEnded);
			}
		}
		catch (ConnectionEndedException | IllegalStateException ex) {
			// Another has ended it meanwhile, or a thread of the handler's still writes
			connection.debug(ex, "before its own end");
		}
		finally {
			connection.endedBy(outcome);
			finish(connection, peerEnded);
		}
	}

	private void finish(Connection connection, boolean peerEnded) {
		try {
			connection.close().finish(peerEnded);
		}
		catch (RuntimeException | Error ex) {
			connection.failed(ex);
		}
		finally {
			connection.abort(CloseReason.IO_ERROR);
			this.registry.closed(connection);
		}
	}

}
