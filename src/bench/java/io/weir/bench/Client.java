package io.weir.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;

/**
 * One end of an exchange with a server, driven by a selector. It verifies every byte that
 * comes back.
 */
abstract class Client {

	/**
	 * How long a server may take to accept or to answer.
	 */
	static final int TIMEOUT_MILLIS = 10_000;

	// Several source addresses have more ports than one, and those in TIME_WAIT spread
	private static final int SOURCES = 200;

	private static final AtomicInteger nextSource = new AtomicInteger();

	private final Tally tally;

	@SuppressWarnings("NullAway.Init")
	private InetSocketAddress server;

	private @Nullable SSLContext tls;

	@SuppressWarnings("NullAway.Init")
	private Selector selector;

	private long connecting;

	private SocketChannel channel;

	// Over the socket
	private ByteChannel bytes;

	Client(Tally tally) {
		this.tally = tally;
		this.channel = open();
		this.bytes = this.channel;
	}

	/**
	 * Opens a socket, bound to the next of several loopback addresses.
	 * @return not connected
	 */
	static SocketChannel open() {
		try {
			SocketChannel channel = SocketChannel.open();
			channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
			int source = 2 + Math.floorMod(nextSource.getAndIncrement(), SOURCES);
			channel.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0." + source), 0));
			return channel;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Connects and begins.
	 * @param server where to
	 * @param tls protects the connection; null for none
	 * @param selector calls {@link #ready()}
	 * @throws IOException if the server does not accept
	 */
	final void start(InetSocketAddress server, @Nullable SSLContext tls, Selector selector) throws IOException {
		this.server = server;
		this.tls = tls;
		this.selector = selector;
		this.connecting = System.nanoTime();
		this.channel.socket().connect(server, TIMEOUT_MILLIS);
		if (tls != null) {
			this.bytes = new TlsSocket(this.channel, tls);
		}
		this.channel.configureBlocking(false);
		this.channel.register(selector, SelectionKey.OP_READ, this);
		begin();
	}

	/**
	 * Sends the first bytes.
	 * @throws IOException if the connection is lost
	 */
	abstract void begin() throws IOException;

	/**
	 * Goes on: there is something to read.
	 * @throws IOException if the connection is lost, or other bytes come than expected
	 */
	abstract void ready() throws IOException;

	/**
	 * Closes the connection, and starts with a new socket.
	 * @throws IOException if the server does not accept
	 */
	final void reconnect() throws IOException {
		this.channel.close();
		this.channel = open();
		this.bytes = this.channel;
		start(this.server, this.tls, this.selector);
	}

	/**
	 * Nanoseconds since it began to connect.
	 */
	final long sinceConnect() {
		return System.nanoTime() - this.connecting;
	}

	final void close() throws IOException {
		this.channel.close();
	}

	final SocketChannel channel() {
		return this.channel;
	}

	/**
	 * What its bytes go through.
	 */
	final ByteChannel bytes() {
		return this.bytes;
	}

	final Tally tally() {
		return this.tally;
	}

	/**
	 * Sends what always fits into the socket's buffer.
	 * @param buffer few bytes
	 */
	final void send(ByteBuffer buffer) throws IOException {
		this.bytes.write(buffer);
		if (buffer.hasRemaining()) {
			throw new IOException("The kernel did not take " + buffer.remaining() + " bytes");
		}
	}

	/**
	 * Reads on.
	 * @param buffer for the bytes
	 * @return whether it is full
	 */
	final boolean receive(ByteBuffer buffer) throws IOException {
		if (this.bytes.read(buffer) < 0) {
			throw new IOException("The server ended the connection");
		}
		return !buffer.hasRemaining();
	}

	static void verify(ByteBuffer received, ByteBuffer expected) throws IOException {
		if (!received.equals(expected)) {
			throw new IOException("Other bytes came back, from position " + received.mismatch(expected));
		}
	}

}
