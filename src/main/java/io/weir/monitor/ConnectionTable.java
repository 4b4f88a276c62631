package io.weir.monitor;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

import io.weir.connection.Connection;
import io.weir.kernel.LongMap;
import io.weir.kernel.SocketKey;
import io.weir.kernel.SocketSample;

/**
 * Finds the connection that a sample shows, among those of one local port. A sample of
 * thousands of connections makes no garbage. One thread at a time.
 */
final class ConnectionTable {

	// From a key to a place in the array, counted from 1
	private final LongMap places = new LongMap();

	private @Nullable Connection[] connections = new Connection[64];

	private int size;

	/**
	 * Starts a sample.
	 * @param open the open connections
	 */
	void begin(Iterable<Connection> open) {
		this.places.clear();
		this.size = 0;
		for (Connection connection : open) {
			if (this.size == this.connections.length) {
				this.connections = Arrays.copyOf(this.connections, this.size * 2);
			}
			this.connections[this.size++] = connection;
			SocketKey socket = connection.socketKey();
			this.places.put(key(socket.localAddress(), socket.remoteAddress(), socket.remotePort()), this.size);
		}
	}

	/**
	 * Finds the connection that a sample shows.
	 * @param sample a socket
	 * @return null if it is none of the connections
	 */
	@Nullable Connection find(SocketSample sample) {
		long place = this.places.get(key(sample.localAddress(), sample.remoteAddress(), sample.remotePort()));
		return (place > 0) ? this.connections[(int) place - 1] : null;
	}

	/**
	 * Ends a sample: connections that close from now on are kept by nobody.
	 */
	void end() {
		Arrays.fill(this.connections, 0, this.size, null);
		this.places.clear();
	}

	// There is room for a hash of this side's address only
	private static long key(int local, int remote, int remotePort) {
		return ((long) remote << 32) | ((long) remotePort << 16) | ((local ^ (local >>> 16)) & 0xffff);
	}

}
