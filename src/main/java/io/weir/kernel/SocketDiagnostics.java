package io.weir.kernel;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Asks the kernel about the TCP sockets (IPv4) of this network namespace. Nothing here
 * throws because of the kernel: what cannot be had comes with its reason.
 *
 * <p>
 * Any thread may call; one call is served after the other. A call never waits for the
 * network, but it holds the carrier of a virtual thread while it runs, so what samples
 * regularly does so on a platform thread.
 */
public interface SocketDiagnostics extends AutoCloseable {

	/**
	 * Names where the answers come from.
	 * @return {@code sock_diag}; {@code procfs}, which knows little more than queues; or
	 * {@code unavailable}
	 */
	String source();

	/**
	 * Says why the answers do not come from {@code sock_diag}.
	 * @return why, for a person to read; {@code null} where they do
	 */
	@Nullable String reason();

	/**
	 * Asks about a listening socket. Where several sockets listen on the address, it is
	 * the one that this process has.
	 * @param local the address and port that it is bound to, 0.0.0.0 included
	 * @return the socket as it is now, or why it is not known
	 */
	Reading<ListenerDiagnostics> listener(InetSocketAddress local);

	/**
	 * Asks about one connection, and keeps what the kernel says of it.
	 * @param local this side's address and port
	 * @param remote the peer's address and port
	 * @return the connection as it is now, or why it is not known: it may be over
	 */
	default Reading<ConnectionDiagnostics> connection(InetSocketAddress local, InetSocketAddress remote) {
		if (!(local.getAddress() instanceof Inet4Address localAddress)) {
			return new Reading.Unavailable<>(local + " is not an IPv4 address");
		}
		if (!(remote.getAddress() instanceof Inet4Address remoteAddress)) {
			return new Reading.Unavailable<>(remote + " is not an IPv4 address");
		}
		List<ConnectionDiagnostics> found = new ArrayList<>(1);
		Reading<Integer> reading = sample(SocketSample.toInt(localAddress), local.getPort(),
				SocketSample.toInt(remoteAddress), remote.getPort(),
				(sample) -> found.add(ConnectionDiagnostics.of(sample)));
		return switch (reading) {
			case Reading.Available<Integer> available ->
				found.isEmpty() ? new Reading.Unavailable<>("the kernel has no such connection (any more)")
						: new Reading.Available<>(found.getFirst());
			case Reading.Unavailable<Integer> unavailable -> new Reading.Unavailable<>(unavailable.reason());
		};
	}

	/**
	 * Asks about one connection. Takes a few microseconds from {@code sock_diag}, and
	 * from {@code procfs} as long as a sample of all. Addresses are those of
	 * {@link SocketSample}.
	 * @param localAddress this side's address
	 * @param localPort this side's port
	 * @param remoteAddress the peer's address
	 * @param remotePort the peer's port
	 * @param visitor is called with the connection, on the calling thread; it must not
	 * keep the sample, nor call back here
	 * @return 1; 0 if the kernel has no such connection (any more); or why it is not
	 * known
	 * @throws IllegalStateException if the visitor calls back here
	 */
	Reading<Integer> sample(int localAddress, int localPort, int remoteAddress, int remotePort,
			Consumer<? super SocketSample> visitor);

	/**
	 * Asks about all connections of a local port, those that wait to be accepted and
	 * those that are closed but not yet over included (neither has an
	 * {@linkplain SocketSample#inode inode}). Connections that come or go meanwhile may
	 * or may not be among them. Takes some 15 ms for 10,000 connections from
	 * {@code sock_diag}, and several times that from {@code procfs}, which may also meet
	 * one twice. The kernel walks the table of all TCP sockets for it, those in TIME_WAIT
	 * and of other network namespaces included: some 10 ms for 100,000 of them.
	 * @param localPort the port
	 * @param visitor is called with each, on the calling thread; it must not keep the
	 * sample, nor call back here
	 * @return the number of connections visited, or why there are none or not all of them
	 * @throws IllegalStateException if the visitor calls back here
	 */
	Reading<Integer> sample(int localPort, Consumer<? super SocketSample> visitor);

	/**
	 * Ends it. Everything is unavailable from then on.
	 */
	@Override
	void close();

}
