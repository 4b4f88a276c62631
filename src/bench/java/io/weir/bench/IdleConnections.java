package io.weir.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Connections that have exchanged a message and then do nothing.
 */
final class IdleConnections implements AutoCloseable {

	private static final int SIZE = 64;

	private final List<SocketChannel> channels = new ArrayList<>();

	private final ByteBuffer sent = ByteBuffer.allocate(SIZE);

	private final ByteBuffer received = ByteBuffer.allocate(SIZE);

	private final InetSocketAddress server;

	private long next;

	/**
	 * Creates none yet.
	 * @param server where to
	 */
	IdleConnections(InetSocketAddress server) {
		this.server = server;
	}

	/**
	 * Connects, and exchanges a message on each new connection.
	 * @param count how many there are then
	 * @throws IOException if the server does not accept
	 */
	void growTo(int count) throws IOException {
		while (this.channels.size() < count) {
			SocketChannel channel = Client.open();
			this.channels.add(channel);
			channel.socket().setSoTimeout(Client.TIMEOUT_MILLIS);
			channel.socket().connect(this.server, Client.TIMEOUT_MILLIS);
			exchange(channel);
		}
	}

	/**
	 * Exchanges a message on each connection.
	 * @throws IOException if one is lost
	 */
	void exchange() throws IOException {
		for (SocketChannel channel : this.channels) {
			exchange(channel);
		}
	}

	// By streams, since they know timeouts
	private void exchange(SocketChannel channel) throws IOException {
		this.sent.clear();
		while (this.sent.hasRemaining()) {
			this.sent.putLong(++this.next);
		}
		channel.socket().getOutputStream().write(this.sent.array());
		if (channel.socket().getInputStream().readNBytes(this.received.array(), 0, SIZE) < SIZE) {
			throw new IOException("The server ended the connection");
		}
		Client.verify(this.received.clear(), this.sent.flip());
	}

	int size() {
		return this.channels.size();
	}

	@Override
	public void close() throws IOException {
		for (SocketChannel channel : this.channels) {
			channel.close();
		}
	}

}
