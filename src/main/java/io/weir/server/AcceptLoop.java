package io.weir.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blocking accept loop of one listening socket, on a thread of its own. It takes a
 * permit for each connection before it accepts, so that newcomers over the limit wait in
 * the kernel's queue; it survives every failure of accept(2) and pauses after one; told
 * to stop, it accepts what still waits and closes the listening socket.
 */
final class AcceptLoop {

	private static final Duration PAUSE = Duration.ofMillis(100);

	private static final Duration PAUSE_AFTER_BUG = Duration.ofSeconds(1);

	// A call that blocked for longer had a file descriptor: the episode was over
	private static final long AT_ONCE = TimeUnit.MILLISECONDS.toNanos(10);

	// For how long accepting is tried again at the end
	private static final Duration REST_TIME = Duration.ofMillis(500);

	private static final Duration WAKE_UP_TIME = Duration.ofSeconds(1);

	private static final Logger logger = LoggerFactory.getLogger(AcceptLoop.class);

	private final ListeningSocket socket;

	private final Semaphore permits;

	private final Consumer<SocketChannel> server;

	private final Consumer<AcceptError> errors;

	private final Thread thread;

	// Local addresses of the connections that only wake this loop up
	private final Set<SocketAddress> wakeUps = ConcurrentHashMap.newKeySet();

	private volatile ServerState state = ServerState.ACCEPTING;

	private volatile boolean stopping;

	private volatile @Nullable Throwable failure;

	private volatile long backingOffSince;

	private volatile long acceptingSince;

	private boolean inEpisode;

	/**
	 * Creates a loop, not started.
	 * @param socket the listening socket, which the loop closes at its end
	 * @param permits one for each connection that may be open; whoever ends a connection
	 * releases it
	 * @param server starts to serve an accepted socket, and owns it and its permit from
	 * then on
	 * @param errors counts failures of accept(2)
	 */
	AcceptLoop(ListeningSocket socket, Semaphore permits, Consumer<SocketChannel> server,
			Consumer<AcceptError> errors) {
		this.socket = socket;
		this.permits = permits;
		this.server = server;
		this.errors = errors;
		this.thread = Thread.ofPlatform().name("tcp-accept").unstarted(this::run);
	}

	void start() {
		this.thread.start();
	}

	/**
	 * What the loop is at.
	 * @return accepting, full, backing off or failed; stopped when it has ended
	 */
	ServerState state() {
		ServerState now = this.state;
		// accept(2) takes a file descriptor before it waits: only a call that waits has
		// one
		boolean trying = now == ServerState.ACCEPTING && this.backingOffSince != 0
				&& System.nanoTime() - this.acceptingSince < AT_ONCE;
		return trying ? ServerState.BACKING_OFF : now;
	}

	/**
	 * Why the loop failed.
	 * @return null unless the state is failed
	 */
	@Nullable Throwable failure() {
		return this.failure;
	}

	/**
	 * For how long accepting has failed again and again.
	 * @return zero if it does not
	 */
	Duration backingOffFor() {
		long since = this.backingOffSince;
		return (since == 0 || state() != ServerState.BACKING_OFF) ? Duration.ZERO
				: Duration.ofNanos(System.nanoTime() - since);
	}

	/**
	 * Accepts what waits in the queue, as far as there are permits, closes the listening
	 * socket and ends the loop. Returns when that is done.
	 * @throws InterruptedException if the caller was interrupted; the loop ends all the
	 * same
	 */
	void stop() throws InterruptedException {
		this.stopping = true;
		// The loop is waiting for this permit, or takes it out again at its end
		this.permits.release();
		LockSupport.unpark(this.thread);
		try {
			wakeUp();
		}
		finally {
			if (this.thread.isAlive()) {
				close();
			}
		}
		this.thread.join();
	}

	// Nothing but a connection takes a thread out of accept(2) without closing the queue.
	// With SO_REUSEPORT it may reach another process's socket, so try again.
	private void wakeUp() throws InterruptedException {
		InetSocketAddress address = this.socket.address();
		InetAddress host = address.getAddress().isAnyLocalAddress() ? InetAddress.ofLiteral("127.0.0.1")
				: address.getAddress();
		long end = System.nanoTime() + WAKE_UP_TIME.toNanos();
		while (this.thread.isAlive() && System.nanoTime() < end) {
			try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET)) {
				channel.bind(new InetSocketAddress(host, 0));
				this.wakeUps.add(channel.getLocalAddress());
				channel.configureBlocking(false);
				channel.connect(new InetSocketAddress(host, address.getPort()));
				this.thread.join(Duration.ofMillis(50));
			}
			catch (IOException ex) {
				logger.debug("Waking up the accept loop: {}", ex.toString());
				this.thread.join(Duration.ofMillis(50));
			}
		}
	}

	private void run() {
		boolean holding = false;
		while (!this.stopping && this.socket.channel().isOpen()) {
			try {
				holding = holding || takePermit();
				if (!this.stopping) {
					holding = !accept();
				}
			}
			catch (Throwable ex) {
				fail(ex);
			}
		}
		if (!holding) {
			this.permits.acquireUninterruptibly();
		}
		acceptRest();
		close();
		this.state = ServerState.STOPPED;
	}

	private boolean takePermit() {
		if (!this.permits.tryAcquire()) {
			this.state = ServerState.FULL;
			this.permits.acquireUninterruptibly();
		}
		return true;
	}

	// Returns whether a connection was accepted, and so a permit used
	private boolean accept() {
		long begin = System.nanoTime();
		this.acceptingSince = begin;
		this.state = ServerState.ACCEPTING;
		this.failure = null;
		try {
			SocketChannel accepted = this.socket.channel().accept();
			this.inEpisode = false;
			this.backingOffSince = 0;
			return serve(accepted);
		}
		catch (ClosedChannelException ex) {
			logger.debug("The listening socket was closed");
			return false;
		}
		catch (IOException ex) {
			backOff(ex, System.nanoTime() - begin > AT_ONCE);
			return false;
		}
	}

	private boolean serve(SocketChannel accepted) throws IOException {
		if (this.stopping && this.wakeUps.remove(accepted.getRemoteAddress())) {
			accepted.close();
			return false;
		}
		this.server.accept(accepted);
		return true;
	}

	private void backOff(IOException ex, boolean newEpisode) {
		AcceptError error = AcceptError.of(ex);
		this.errors.accept(error);
		if (newEpisode || !this.inEpisode) {
			this.inEpisode = true;
			this.backingOffSince = System.nanoTime();
			logger.warn(
					"Cannot accept connections for now ({}: {}); newcomers wait in the accept queue, "
							+ "open connections are served, trying again every {} ms. What to do: {}",
					error.text(), ex.getMessage(), PAUSE.toMillis(), error.remedy());
		}
		this.state = ServerState.BACKING_OFF;
		pause(PAUSE);
	}

	private void fail(Throwable ex) {
		this.failure = ex;
		this.state = ServerState.FAILED;
		logger.error("The accept loop failed, which is a bug in Weir; it starts again in {} s. "
				+ "Open connections are served", PAUSE_AFTER_BUG.toSeconds(), ex);
		pause(PAUSE_AFTER_BUG);
	}

	private void pause(Duration time) {
		if (!this.stopping) {
			LockSupport.parkNanos(this, time.toNanos());
		}
	}

	private void acceptRest() {
		long end = System.nanoTime() + REST_TIME.toNanos();
		boolean more = configureNonBlocking();
		while (more && this.permits.tryAcquire()) {
			boolean used = false;
			try {
				SocketChannel accepted = this.socket.channel().accept();
				more = accepted != null;
				used = accepted != null && serve(accepted);
			}
			catch (ClosedChannelException ex) {
				more = false;
				logger.debug("The listening socket was closed before its queue was empty");
			}
			catch (IOException ex) {
				this.errors.accept(AcceptError.of(ex));
				more = System.nanoTime() < end;
				if (more) {
					// A connection that ends meanwhile gives its file descriptor back
					LockSupport.parkNanos(this, PAUSE.toNanos());
				}
				else {
					logger.warn("What waited in the accept queue could not be accepted before the end: {}",
							ex.toString());
				}
			}
			finally {
				if (!used) {
					this.permits.release();
				}
			}
		}
	}

	private boolean configureNonBlocking() {
		try {
			this.socket.channel().configureBlocking(false);
			return true;
		}
		catch (IOException ex) {
			logger.debug("The listening socket was closed before its queue was empty: {}", ex.toString());
			return false;
		}
	}

	private void close() {
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			logger.warn("Closing the listening socket failed: {}", ex.toString());
		}
	}

}
