package io.weir.connection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * The end of a connection as a peer that behaves expects it: a FIN, then reading on to
 * the peer's own, then the close. A socket that is closed with unread bytes sends RST,
 * which may destroy on the peer's side what it has not read yet.
 */
final class GracefulClose {

	/**
	 * For how long a connection that has ended is read on. The watchdog holds it.
	 */
	static final Duration LINGER_TIME = Duration.ofSeconds(1);

	/**
	 * How many bytes of a connection that has ended are read and thrown away.
	 */
	static final int MAX_LINGER_BYTES = 1024 * 1024;

	private GracefulClose() {
	}

	/**
	 * Sends the FIN of a connection that its own thread is still busy with. A layer may
	 * have to wait for a slow reader, so that is not for the caller's thread.
	 * @param connection has ended
	 */
	static void sendEndElsewhere(Connection connection) {
		if (connection.transport() == connection.socket()) {
			sendEnd(connection);
		}
		else {
			Thread.startVirtualThread(() -> sendEnd(connection));
		}
	}

	private static void sendEnd(Connection connection) {
		try {
			connection.transport().shutdownOutput();
		}
		catch (IOException ex) {
			// The peer has reset the connection, or it is closed: nothing left to say
			connection.debug(ex, "at the end");
		}
	}

	/**
	 * Sends the FIN under the write timeout, for a layer may have to wait for a slow
	 * reader. Called by the connection's thread while the connection is open.
	 * @throws ConnectionEndedException if the connection has ended meanwhile
	 */
	static void sendEndInTime(Connection connection) throws ConnectionEndedException {
		connection.sent(0);
		connection.lifecycle().beginWrite();
		sendEnd(connection);
		connection.lifecycle().endWrite();
	}

	/**
	 * Reads to the peer's end and closes. Called by the connection's thread, once.
	 * @param connection has ended
	 * @param peerEnded whether the peer's end was read already
	 */
	static void finish(Connection connection, boolean peerEnded) {
		boolean peerIsThere = switch (connection.closeReason()) {
			case RESET, IO_ERROR, WRITE_TIMEOUT -> false;
			case null, default -> connection.socket().isOpen();
		};
		try {
			if (peerIsThere) {
				sendEnd(connection);
				if (!peerEnded) {
					discard(connection);
				}
			}
		}
		// Whatever fails, for instance for lack of memory: the socket is closed
		catch (RuntimeException | Error ex) {
			connection.failed(ex);
		}
		finally {
			close(connection);
		}
	}

	private static void discard(Connection connection) {
		ByteBuffer waste = ByteBuffer.allocate(8192);
		// What comes after a layer has failed is nothing of an application's
		boolean counts = !connection.lifecycle().endedInLayers();
		int left = MAX_LINGER_BYTES;
		try {
			int count = 0;
			while (count >= 0 && left > 0) {
				waste.clear().limit(Math.min(waste.capacity(), left));
				count = connection.transport().read(waste);
				if (counts && count > 0) {
					connection.received(count);
					connection.unanswered(count);
				}
				left -= count;
			}
		}
		catch (IOException ex) {
			connection.debug(ex, "while closing");
		}
	}

	private static void close(Connection connection) {
		try {
			connection.transport().close();
		}
		catch (IOException ex) {
			connection.debug(ex, "at close");
		}
	}

}
