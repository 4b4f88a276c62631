package io.weir.server;

import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.server.TcpBindException.Problem;

/**
 * The bound, listening AF_INET socket.
 *
 * @param channel the socket
 * @param address the address it is bound to, with the port that was taken
 * @param sockets what accepted sockets are to have
 * @param inherited whether they inherit all of it
 */
record ListeningSocket(ServerSocketChannel channel, InetSocketAddress address, SocketSettings sockets,
		boolean inherited) implements Closeable {

	private static final Logger logger = LoggerFactory.getLogger(ListeningSocket.class);

	/**
	 * Binds and listens.
	 * @param settings what is asked for
	 * @param sockets what accepted sockets are to have
	 * @param defaultBacklog the backlog where none is asked for
	 * @throws TcpBindException if that is not possible
	 */
	static ListeningSocket open(ListenerSettings settings, SocketSettings sockets, int defaultBacklog) {
		InetAddress host = resolve(settings);
		try {
			// With the family: else it would be a dual-stack AF_INET6 socket
			ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.INET);
			try {
				channel.setOption(StandardSocketOptions.SO_REUSEADDR, settings.reuseAddress());
				if (settings.reusePort()) {
					channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
				}
				// Before bind: accepted sockets inherit it, and it decides the window
				// scale that is agreed on while a connection is set up, tcp(7)
				if (settings.receiveBufferSize() != null) {
					channel.setOption(StandardSocketOptions.SO_RCVBUF, settings.receiveBufferSize());
				}
				boolean inherited = sockets.applyTo(channel);
				Integer backlog = settings.backlog();
				channel.bind(new InetSocketAddress(host, settings.port()),
						(backlog != null) ? backlog : defaultBacklog);
				return new ListeningSocket(channel, (InetSocketAddress) channel.getLocalAddress(), sockets, inherited);
			}
			catch (Throwable ex) {
				channel.close();
				throw ex;
			}
		}
		catch (IOException ex) {
			throw new TcpBindException(problem(ex, host), settings.host(), settings.port(), ex);
		}
	}

	private static InetAddress resolve(ListenerSettings settings) {
		String host = settings.host().isEmpty() ? "0.0.0.0" : settings.host();
		try {
			InetAddress[] addresses = InetAddress.getAllByName(host);
			return Arrays.stream(addresses)
				.filter(Inet4Address.class::isInstance)
				.findFirst()
				.orElseThrow(() -> new TcpBindException(Problem.NOT_IPV4, settings.host(), settings.port(),
						new UnknownHostException(host + " has " + Arrays.toString(addresses))));
		}
		catch (UnknownHostException ex) {
			throw new TcpBindException(Problem.UNKNOWN_HOST, settings.host(), settings.port(), ex);
		}
	}

	// The JDK hands on strerror's text and no errno, and that text may be translated: so
	// what can be told without it is tried first.
	private static Problem problem(IOException ex, InetAddress host) {
		if (!(ex instanceof BindException)) {
			return Problem.OTHER;
		}
		if (!isLocal(host)) {
			return Problem.ADDRESS_NOT_LOCAL;
		}
		String message = String.valueOf(ex.getMessage());
		if (message.contains("Permission denied")) {
			return Problem.PORT_NEEDS_PRIVILEGE;
		}
		return message.contains("in use") ? Problem.PORT_IN_USE : Problem.OTHER;
	}

	private static boolean isLocal(InetAddress host) {
		try (ServerSocketChannel probe = ServerSocketChannel.open(StandardProtocolFamily.INET)) {
			probe.bind(new InetSocketAddress(host, 0));
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Sets the options of an accepted socket that it has not inherited.
	 * @param accepted the socket
	 * @throws IOException if the peer is gone already
	 */
	void prepare(SocketChannel accepted) throws IOException {
		if (!this.inherited) {
			this.sockets.applyTo(accepted);
		}
	}

	/**
	 * Closes it: what waits to be accepted is reset.
	 */
	@Override
	public void close() {
		try {
			this.channel.close();
		}
		catch (IOException ex) {
			logger.warn("Closing the listening socket failed: {}", ex.toString());
		}
	}

}
