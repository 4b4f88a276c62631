package io.weir.connection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.BiConsumer;

/**
 * The end of a connection as a peer that behaves expects it: a FIN, then reading on to
 * the peer's own, then the close. A socket that is closed with unread bytes sends RST,
 * which may destroy on the peer's side what it has not read yet.
 *
 * @param log told of what fails when nobody waits for it any more
 */
record GracefulClose(ConnectionPath path, ConnectionLifecycle lifecycle, ConnectionCounters counters,
		BiConsumer<Throwable, String> log) {

	/**
	 * For how long a connection that has ended is read on. The watchdog holds it.
	 */
	static final Duration LINGER_TIME = Duration.ofSeconds(1);

	/**
	 * How many bytes of a connection that has ended are read and thrown away.
	 */
	static final int MAX_LINGER_BYTES = 1024 * 1024;

	/**
	 * Sends the FIN of a connection that has ended and that its own thread is still busy
	 * with. A layer may have to wait for a slow reader, so that is not for the caller's
	 * thread.
	 */
	void sendEndElsewhere() {
		if (this.path.transport().endsWithFinAlone()) {
			sendEnd();
		}
		else {
			Thread.startVirtualThread(this::sendEnd);
		}
	}

	private void sendEnd() {
		try {
			this.path.transport().shutdownOutput();
		}
		catch (IOException ex) {
			// The peer has reset the connection, or it is closed: nothing left to say
			this.log.accept(ex, "at the end");
		}
	}

	/**
	 * Sends the FIN under the write timeout, for a layer may have to wait for a slow
	 * reader. Called by the connection's thread while the connection is open.
	 * @param peerEnded whether the peer's end was read already
	 * @throws ConnectionEndedException if the connection has ended meanwhile
	 */
	void sendEndInTime(boolean peerEnded) throws ConnectionEndedException {
		if (isSentByTheClose(peerEnded)) {
			return;
		}
		this.counters.addSent(0);
		this.lifecycle.beginWrite();
		sendEnd();
		this.lifecycle.endWrite();
	}

	// With all of the peer's bytes read the kernel sends the same FIN at the close
	private boolean isSentByTheClose(boolean peerEnded) {
		return peerEnded && this.path.transport().endsWithFinAlone();
	}

	/**
	 * Reads to the peer's end and closes. Called by the connection's thread, once, when
	 * the connection has ended. Whatever fails, for instance because memory is short: the
	 * socket is closed.
	 * @param peerEnded whether the peer's end was read already
	 */
	void finish(boolean peerEnded) {
		boolean peerIsThere = switch (this.lifecycle.reason()) {
			case CloseReason.RESET, CloseReason.IO_ERROR, CloseReason.WRITE_TIMEOUT -> false;
			case RejectReason rejected -> false;
			case null, default -> this.path.socket().isOpen();
		};
		try {
			if (peerIsThere && !isSentByTheClose(peerEnded)) {
				sendEnd();
				if (!peerEnded) {
					discard();
				}
			}
		}
		finally {
			close();
		}
	}

	private void discard() {
		ByteBuffer waste = ByteBuffer.allocate(8192);
		// What comes after a layer has failed is nothing of an application's
		boolean counts = !this.lifecycle.endedInLayers();
		int left = MAX_LINGER_BYTES;
		try {
			int count = 0;
			while (count >= 0 && left > 0) {
				waste.clear().limit(Math.min(waste.capacity(), left));
				count = this.path.transport().read(waste);
				if (counts && count > 0) {
					this.counters.addDiscarded(count);
					this.counters.addUnanswered(count);
				}
				left -= count;
			}
		}
		catch (IOException ex) {
			this.log.accept(ex, "while closing");
		}
	}

	private void close() {
		try {
			this.path.transport().close();
		}
		catch (IOException ex) {
			this.log.accept(ex, "at close");
		}
	}

}
