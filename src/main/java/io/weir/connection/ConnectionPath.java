package io.weir.connection;

import org.jspecify.annotations.Nullable;

import io.weir.transport.LayeredConnection;
import io.weir.transport.PlainTransport;
import io.weir.transport.SecureSession;
import io.weir.transport.Transport;

/**
 * The way of a connection's bytes: its socket, and the layers over it that are agreed on
 * or under way. The connection's thread changes it, any thread may look.
 */
final class ConnectionPath implements LayeredConnection {

	private final PlainTransport socket;

	// The socket, or the uppermost layer that is agreed on
	private volatile Transport transport;

	private volatile @Nullable Layer layer;

	private volatile long layerNanos;

	private volatile @Nullable SecureSession session;

	/**
	 * Creates the way of an accepted socket.
	 * @param socket the socket
	 * @param first the layer that it is in from the accept on; null without layers
	 * @param nanos {@link System#nanoTime()} of the accept
	 */
	ConnectionPath(PlainTransport socket, @Nullable Layer first, long nanos) {
		this.socket = socket;
		this.transport = socket;
		this.layer = first;
		this.layerNanos = nanos;
	}

	PlainTransport socket() {
		return this.socket;
	}

	Transport transport() {
		return this.transport;
	}

	/**
	 * The layer that it is in or was in last; null without layers.
	 */
	@Nullable Layer layer() {
		return this.layer;
	}

	/**
	 * For how long it has been in that layer, in nanoseconds.
	 * @param now {@link System#nanoTime()}
	 */
	long nanosInLayer(long now) {
		return now - this.layerNanos;
	}

	/**
	 * A layer begins. The first one began with the accept.
	 */
	void begins(Layer next) {
		if (!next.equals(this.layer)) {
			this.layerNanos = System.nanoTime();
			this.layer = next;
		}
	}

	/**
	 * A layer is agreed on.
	 * @param upper what the bytes go through from now on
	 */
	void agreed(Transport upper) {
		this.transport = upper;
	}

	@Override
	public void secured(SecureSession agreed) {
		this.session = agreed;
	}

	/**
	 * What protects the bytes; null before that is agreed on, and without TLS.
	 */
	@Nullable SecureSession session() {
		return this.session;
	}

}
