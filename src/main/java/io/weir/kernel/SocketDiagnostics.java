package io.weir.kernel;

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
	 * @return {@link Source#SOCK_DIAG}; {@link Source#PROCFS}, which knows little more
	 * than queues; or {@link Source#UNAVAILABLE}
	 */
	Source source();

	/**
	 * Asks about a listening socket. Where several sockets listen on the address, it is
	 * the one that this process has.
	 * @param local the address and port that it is bound to, 0.0.0.0 included
	 * @return the socket as it is now, or why it is not known
	 */
	Reading<ListenerDiagnostics> listener(InetSocketAddress local);

	/**
	 * Asks about one connection, and keeps what the kernel says of it.
	 * @param key the connection
	 * @return the connection as it is now, or why it is not known: it may be over
	 */
	default Reading<ConnectionDiagnostics> connection(SocketKey key) {
		List<ConnectionDiagnostics> found = new ArrayList<>(1);
		String failure = sample(key, (sample) -> found.add(ConnectionDiagnostics.of(sample)));
		if (failure != null) {
			return new Reading.Unavailable<>(failure);
		}
		return found.isEmpty() ? new Reading.Unavailable<>("the kernel has no such connection (any more)")
				: new Reading.Available<>(found.getFirst());
	}

	/**
	 * Asks about one connection. Takes a few microseconds from {@code sock_diag}, and
	 * from {@code procfs} as long as a sample of all.
	 * @param key the connection
	 * @param visitor is called with the connection, on the calling thread, if the kernel
	 * has it; it must not keep the sample, nor call back here
	 * @return null where the kernel answered, else why it did not
	 * @throws IllegalStateException if the visitor calls back here
	 */
	@Nullable String sample(SocketKey key, Consumer<? super SocketSample> visitor);

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
	 * @return null where all were visited, else why none or not all of them were
	 * @throws IllegalStateException if the visitor calls back here
	 */
	@Nullable String sample(int localPort, Consumer<? super SocketSample> visitor);

	/**
	 * Ends it. Everything is unavailable from then on.
	 */
	@Override
	void close();

}
