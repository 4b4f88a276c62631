package io.weir.connection;

import java.io.IOException;
import java.net.InetSocketAddress;

import org.jspecify.annotations.Nullable;

import io.weir.transport.FirstBytes;
import io.weir.transport.LayeredConnection;
import io.weir.transport.PlainTransport;
import io.weir.transport.RemainderTransport;
import io.weir.transport.SecureSession;
import io.weir.transport.Transport;

/**
 * The way of a connection's bytes: its socket, and the layers over it that are agreed on
 * or under way. The connection's thread changes it, any thread may look.
 */
final class ConnectionPath implements LayeredConnection {

	private final PlainTransport socket;

	private final InetSocketAddress socketPeer;

	// The socket, or the uppermost layer that is agreed on
	private volatile Transport transport;

	private volatile @Nullable Layer layer;

	private volatile long layerNanos;

	private volatile @Nullable SecureSession session;

	private volatile @Nullable InetSocketAddress client;

	// The connection's own thread's: reads that brought a proxy's word and nothing else
	private long headerReads;

	/**
	 * Creates the way of an accepted socket.
	 * @param first the layer that it is in from the accept on; null without layers
	 * @param nanos {@link System#nanoTime()} of the accept
	 */
	ConnectionPath(PlainTransport socket, InetSocketAddress socketPeer, @Nullable Layer first, long nanos) {
		this.socket = socket;
		this.socketPeer = socketPeer;
		this.transport = socket;
		this.layer = first;
		this.layerNanos = nanos;
	}

	PlainTransport socket() {
		return this.socket;
	}

	/**
	 * The client: the socket's other side, or whom a trusted proxy has named.
	 */
	InetSocketAddress peer() {
		InetSocketAddress named = this.client;
		return (named != null) ? named : this.socketPeer;
	}

	/**
	 * The proxy that has named the client; null if the client came itself.
	 */
	@Nullable InetSocketAddress via() {
		return (this.client != null) ? this.socketPeer : null;
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
	public void forwarded(@Nullable InetSocketAddress named, int rest) {
		this.client = named;
		this.headerReads = this.socket.reads() - ((rest > 0) ? 1 : 0);
	}

	/**
	 * Whether nothing has come but a proxy's word. For the connection's thread.
	 */
	boolean isEmpty() {
		return this.socket.reads() == this.headerReads;
	}

	/**
	 * Whether the kernel has bytes of the peer that are not read yet.
	 */
	boolean hasQueuedBytes() {
		try {
			return this.socket.available() > 0;
		}
		catch (IOException ex) {
			// Closed meanwhile
			return false;
		}
	}

	/**
	 * Has the first bytes looked at that come from here on. For the connection's thread.
	 */
	void watchFirstBytes(FirstBytes watcher) {
		FirstBytes next = (this.transport instanceof RemainderTransport remainder) ? remainder.watchFirstBytes(watcher)
				: watcher;
		if (next != null) {
			this.socket.watchFirstBytes(next);
		}
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
