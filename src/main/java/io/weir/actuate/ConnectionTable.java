package io.weir.actuate;

import java.util.Arrays;

import io.weir.connection.Connection;
import io.weir.kernel.SocketSample;

/**
 * For each connection the retransmits that were seen last, by the peer's address and
 * port: a hash table of primitive numbers, so that a sample of thousands of connections
 * makes no garbage. One thread at a time.
 */
final class ConnectionTable {

	// No peer has address 0.0.0.0 and port 0
	private static final long FREE = 0;

	private long[] keys = new long[64];

	private long[] values = new long[64];

	private long[] lastKeys = new long[64];

	private long[] lastValues = new long[64];

	private int size;

	/**
	 * Starts anew with these connections. Those that were there before keep their value.
	 * @param connections the open connections
	 */
	void begin(Iterable<Connection> connections) {
		long[] freeKeys = this.lastKeys;
		long[] freeValues = this.lastValues;
		this.lastKeys = this.keys;
		this.lastValues = this.values;
		this.keys = freeKeys;
		this.values = freeValues;
		Arrays.fill(this.keys, FREE);
		this.size = 0;
		for (Connection connection : connections) {
			long key = key(connection);
			int last = slot(this.lastKeys, key);
			put(key, (this.lastKeys[last] == key) ? this.lastValues[last] : 0);
		}
	}

	/**
	 * Notes the retransmits of a connection.
	 * @param sample the connection
	 * @param total its retransmits so far
	 * @return how many are new
	 */
	long increase(SocketSample sample, long total) {
		int slot = slot(this.keys, key(sample));
		long last = this.values[slot];
		this.values[slot] = total;
		// Less than before: another connection from the same port
		return (total >= last) ? total - last : total;
	}

	/**
	 * Whether it is one of the connections.
	 * @param sample a socket
	 */
	boolean contains(SocketSample sample) {
		long key = key(sample);
		return this.keys[slot(this.keys, key)] == key;
	}

	private void put(long key, long value) {
		if (this.size * 2 >= this.keys.length) {
			grow();
		}
		int slot = slot(this.keys, key);
		this.size += (this.keys[slot] == FREE) ? 1 : 0;
		this.keys[slot] = key;
		this.values[slot] = value;
	}

	private void grow() {
		long[] oldKeys = this.keys;
		long[] oldValues = this.values;
		this.keys = new long[oldKeys.length * 2];
		this.values = new long[oldKeys.length * 2];
		for (int i = 0; i < oldKeys.length; i++) {
			if (oldKeys[i] != FREE) {
				int slot = slot(this.keys, oldKeys[i]);
				this.keys[slot] = oldKeys[i];
				this.values[slot] = oldValues[i];
			}
		}
	}

	// Where the key is, or the free place where it belongs
	private static int slot(long[] keys, long key) {
		int mask = keys.length - 1;
		int slot = (int) ((key * 0x9E3779B97F4A7C15L) >>> 40) & mask;
		while (keys[slot] != FREE && keys[slot] != key) {
			slot = (slot + 1) & mask;
		}
		return slot;
	}

	/**
	 * Names a connection of the server by its peer, and by the address of this machine
	 * that it has reached.
	 * @param connection an open connection
	 * @return the same as for the kernel's sample of it
	 */
	static long key(Connection connection) {
		return key(connection.localAddress(), connection.peerAddress(), connection.peer().getPort());
	}

	static long key(SocketSample sample) {
		return key(sample.localAddress(), sample.remoteAddress(), sample.remotePort());
	}

	// Of this side's address there is room for a hash
	private static long key(int local, int remote, int remotePort) {
		return ((long) remote << 32) | ((long) remotePort << 16) | ((local ^ (local >>> 16)) & 0xffff);
	}

}
