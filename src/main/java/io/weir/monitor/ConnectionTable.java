package io.weir.monitor;

import io.weir.connection.Connection;
import io.weir.kernel.LongMap;
import io.weir.kernel.SocketKey;
import io.weir.kernel.SocketSample;

/**
 * For each connection of one local port the retransmits that were seen last. A sample of
 * thousands of connections makes no garbage. One thread at a time.
 */
final class ConnectionTable {

	private LongMap retransmits = new LongMap();

	private LongMap before = new LongMap();

	/**
	 * Starts a sample of these connections. Those of the sample before keep their value.
	 * @param connections the open connections
	 */
	void begin(Iterable<Connection> connections) {
		LongMap last = this.retransmits;
		this.retransmits = this.before;
		this.before = last;
		this.retransmits.clear();
		for (Connection connection : connections) {
			SocketKey socket = connection.socketKey();
			long key = key(socket.localAddress(), socket.remoteAddress(), socket.remotePort());
			this.retransmits.put(key, last.get(key));
		}
	}

	/**
	 * Notes the retransmits of a connection.
	 * @param sample the connection
	 * @param total its retransmits so far
	 * @return how many are new
	 */
	long increase(SocketSample sample, long total) {
		long key = key(sample);
		long last = this.retransmits.get(key);
		this.retransmits.put(key, total);
		// Less than before: another connection from the same port
		return (total >= last) ? total - last : total;
	}

	/**
	 * Whether it is one of the connections.
	 * @param sample a socket
	 */
	boolean contains(SocketSample sample) {
		return this.retransmits.contains(key(sample));
	}

	private static long key(SocketSample sample) {
		return key(sample.localAddress(), sample.remoteAddress(), sample.remotePort());
	}

	// There is room for a hash of this side's address only
	private static long key(int local, int remote, int remotePort) {
		return ((long) remote << 32) | ((long) remotePort << 16) | ((local ^ (local >>> 16)) & 0xffff);
	}

}
