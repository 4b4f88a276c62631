package io.weir.kernel;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Serves one question after the other, under a lock, and gives the reason where a source
 * fails.
 */
abstract class LockedSocketDiagnostics implements SocketDiagnostics {

	private final ListenerSelector listenerSelector;

	private final ReentrantLock lock = new ReentrantLock();

	private boolean closed;

	LockedSocketDiagnostics(ListenerSelector listenerSelector) {
		this.listenerSelector = listenerSelector;
	}

	@Override
	public final Reading<ListenerDiagnostics> listener(InetSocketAddress local) {
		if (!(local.getAddress() instanceof Inet4Address address)) {
			return new Reading.Unavailable<>(local + " is not an IPv4 address");
		}
		int localAddress = SocketSample.toInt(address);
		List<ListenerSelector.Candidate> candidates = new ArrayList<>(1);
		String failure = ask(() -> walk(local.getPort(), TcpState.LISTEN.bit(), (sample) -> {
			if (sample.localAddress() == localAddress) {
				candidates.add(new ListenerSelector.Candidate(sample.inode(), ListenerDiagnostics.of(sample)));
			}
		}));
		return (failure != null) ? new Reading.Unavailable<>(failure) : this.listenerSelector.choose(local, candidates);
	}

	@Override
	public final @Nullable String sample(SocketKey key, Consumer<? super SocketSample> visitor) {
		return ask(() -> lookUp(key, visitor));
	}

	@Override
	public final @Nullable String sample(int localPort, Consumer<? super SocketSample> visitor) {
		return ask(() -> walk(localPort, TcpState.CONNECTED, visitor));
	}

	private @Nullable String ask(Question question) {
		if (this.lock.isHeldByCurrentThread()) {
			throw new IllegalStateException("A visitor must not ask for more");
		}
		this.lock.lock();
		boolean answered = false;
		try {
			if (this.closed) {
				return "closed";
			}
			question.ask();
			answered = true;
			return null;
		}
		catch (IOException | SecurityException ex) {
			return reason(ex);
		}
		finally {
			if (!answered) {
				release();
			}
			this.lock.unlock();
		}
	}

	/**
	 * Visits the sockets of a local port.
	 * @param localPort the port
	 * @param states the {@linkplain TcpState#bit() bits} of the states asked for
	 * @param visitor is called with each
	 * @throws IOException if the source fails
	 */
	abstract void walk(int localPort, int states, Consumer<? super SocketSample> visitor) throws IOException;

	/**
	 * Visits one connection, if it is there.
	 * @param key the connection
	 * @param visitor is called with it
	 * @throws IOException if the source fails
	 */
	abstract void lookUp(SocketKey key, Consumer<? super SocketSample> visitor) throws IOException;

	/**
	 * Says why the source failed.
	 * @param failure what it threw
	 * @return for a person to read
	 */
	abstract String reason(Exception failure);

	/**
	 * Gives up what is open, after a failure and at the end. The next question, if there
	 * is one, begins without it.
	 */
	abstract void release();

	@Override
	public final void close() {
		this.lock.lock();
		try {
			this.closed = true;
			release();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * What is asked while the lock is held.
	 */
	@FunctionalInterface
	private interface Question {

		void ask() throws IOException;

	}

}
