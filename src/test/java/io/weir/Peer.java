package io.weir;

import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The other side of a connection: a blocking client whose reads end with an exception
 * after ten seconds. It stays open until it is closed, whether a test keeps it or not: a
 * socket that nobody holds is closed by the garbage collector, now and then.
 */
public final class Peer implements Closeable {

	private static final int TIMEOUT = 10_000;

	private static final Set<Socket> OPEN = ConcurrentHashMap.newKeySet();

	private final Socket socket;

	private Peer(Socket socket) {
		this.socket = socket;
		OPEN.add(socket);
	}

	public static Peer connect(int port) throws IOException {
		return connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
	}

	public static Peer connect(SocketAddress address) throws IOException {
		return connect(address, 0);
	}

	public static Peer connect(SocketAddress address, int receiveBuffer) throws IOException {
		Socket socket = new Socket();
		if (receiveBuffer > 0) {
			socket.setReceiveBufferSize(receiveBuffer);
		}
		socket.setTcpNoDelay(true);
		socket.setSoTimeout(TIMEOUT);
		socket.connect(address, TIMEOUT);
		return new Peer(socket);
	}

	/**
	 * Connects from one of this machine's addresses to 127.0.0.1.
	 */
	public static Peer connect(String from, int port) throws IOException {
		Socket socket = new Socket();
		socket.setTcpNoDelay(true);
		socket.setSoTimeout(TIMEOUT);
		socket.bind(new InetSocketAddress(InetAddress.ofLiteral(from), 0));
		socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), TIMEOUT);
		return new Peer(socket);
	}

	/**
	 * Whether nobody listens on a port of this machine's.
	 */
	public static boolean isRefused(int port) throws IOException {
		try {
			connect(port).close();
			return false;
		}
		catch (ConnectException ex) {
			return true;
		}
	}

	public int port() {
		return this.socket.getLocalPort();
	}

	public Peer send(byte... bytes) throws IOException {
		this.socket.getOutputStream().write(bytes);
		return this;
	}

	/**
	 * Reads exactly so many bytes, fewer only at the end of the stream.
	 */
	public byte[] receive(int count) throws IOException {
		return this.socket.getInputStream().readNBytes(count);
	}

	/**
	 * Reads to the end of the stream; a reset is an exception.
	 */
	public byte[] receiveToEnd() throws IOException {
		return this.socket.getInputStream().readAllBytes();
	}

	/**
	 * How many bytes wait to be read.
	 */
	public int available() throws IOException {
		return this.socket.getInputStream().available();
	}

	public Peer endStream() throws IOException {
		this.socket.shutdownOutput();
		return this;
	}

	/**
	 * Closes with RST.
	 */
	public void reset() throws IOException {
		this.socket.setOption(StandardSocketOptions.SO_LINGER, 0);
		close();
	}

	public void timeout(int millis) throws IOException {
		this.socket.setSoTimeout(millis);
	}

	@Override
	public void close() throws IOException {
		OPEN.remove(this.socket);
		this.socket.close();
	}

}
