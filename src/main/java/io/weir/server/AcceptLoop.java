package io.weir.server;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.connection.Slot;

/**
 * The blocking accept loop of one listening socket, on a thread of its own. It takes a
 * place for each connection before it accepts, so that newcomers over the limit wait in
 * the kernel's queue; it survives every failure of accept(2) and pauses after one, and
 * leaves the last file descriptors to others; told to stop, it accepts what waits in the
 * queue as places come free, and closes the listening socket.
 */
final class AcceptLoop {

	private static final Duration PAUSE = Duration.ofMillis(100);

	private static final Duration FAILED_PAUSE = Duration.ofSeconds(1);

	// A call that blocked for longer had a file descriptor: the episode was over
	private static final long AT_ONCE = TimeUnit.MILLISECONDS.toNanos(10);

	// A connection that stood in the queue takes less
	private static final long WAITED = TimeUnit.MICROSECONDS.toNanos(50);

	private static final Duration WAKE_UP_TIME = Duration.ofSeconds(1);

	private static final long WAKE_UP_PAUSE_MILLIS = 20;

	private static final Logger logger = LoggerFactory.getLogger(AcceptLoop.class);

	private final ListeningSocket socket;

	private final Admission admission;

	private final BiConsumer<SocketChannel, Slot> server;

	private final Consumer<AcceptError> errors;

	private final Supplier<OptionalLong> queueLength;

	private final Thread thread;

	private final CountDownLatch stoppedServing = new CountDownLatch(1);

	private final WakeUps wakeUps;

	private final SpareDescriptors spares = new SpareDescriptors();

	private volatile ServerState state = ServerState.ACCEPTING;

	private volatile boolean stopping;

	private volatile long deadline;

	private volatile OptionalLong leftInQueue = OptionalLong.empty();

	private volatile @Nullable Throwable failure;

	// Null unless accept(2) failed last
	private volatile @Nullable Episode episode;

	private volatile long acceptingSince;

	private record Episode(long since, AcceptError error) {
	}

	/**
	 * Creates a loop, not started.
	 * @param socket the listening socket, which the loop closes at its end
	 * @param server starts to serve an accepted socket, and owns it and its place from
	 * then on
	 * @param errors counts failures of accept(2)
	 * @param queueLength how many connections wait in the accept queue; empty where that
	 * is not known
	 */
	AcceptLoop(ListeningSocket socket, Admission admission, BiConsumer<SocketChannel, Slot> server,
			Consumer<AcceptError> errors, Supplier<OptionalLong> queueLength) {
		this.socket = socket;
		this.admission = admission;
		this.server = server;
		this.errors = errors;
		this.queueLength = queueLength;
		this.wakeUps = new WakeUps(socket.address());
		this.thread = Thread.ofPlatform().name("tcp-accept").unstarted(this::run);
	}

	void start() {
		this.thread.start();
	}

	/**
	 * What the loop does: accepting, full, backing off or failed; stopped when it has
	 * ended.
	 */
	ServerState state() {
		ServerState now = this.state;
		// accept(2) takes a descriptor before it waits: only a call that waits has one
		boolean trying = now == ServerState.ACCEPTING && this.episode != null
				&& System.nanoTime() - this.acceptingSince < AT_ONCE;
		return trying ? ServerState.BACKING_OFF : now;
	}

	/**
	 * Whether it takes no newcomers any more but those that wait in the queue.
	 */
	boolean isStopping() {
		return this.stopping;
	}

	/**
	 * Why the loop failed; null unless the state is failed.
	 */
	@Nullable Throwable failure() {
		return this.failure;
	}

	/**
	 * For how long accepting has failed again and again; zero if it does not.
	 */
	Duration backingOffFor() {
		Episode now = this.episode;
		return (now == null || state() != ServerState.BACKING_OFF) ? Duration.ZERO
				: Duration.ofNanos(System.nanoTime() - now.since);
	}

	/**
	 * Why accept(2) failed last; null if it has succeeded since.
	 */
	@Nullable AcceptError acceptError() {
		Episode now = this.episode;
		return (now != null) ? now.error : null;
	}

	/**
	 * Stops: from now on only those are accepted that wait in the queue, as places come
	 * free, until the time is over; then the listening socket is closed and the loop
	 * ends. Does not wait for that.
	 * @param time how long
	 * @throws InterruptedException if the caller was interrupted; the loop ends all the
	 * same
	 */
	void stop(Duration time) throws InterruptedException {
		this.deadline = System.nanoTime() + TimeUnit.NANOSECONDS.convert(time);
		this.stopping = true;
		this.admission.wakeUp();
		LockSupport.unpark(this.thread);
		boolean woken = false;
		try {
			woken = wakeUp();
		}
		finally {
			if (!woken) {
				this.socket.close();
			}
		}
	}

	/**
	 * Whether the loop has ended, and with it the listening socket.
	 */
	boolean isEnded() {
		return !this.thread.isAlive();
	}

	/**
	 * Ends the loop now.
	 * @throws InterruptedException if the caller was interrupted
	 */
	void end() throws InterruptedException {
		this.deadline = System.nanoTime();
		this.admission.wakeUp();
		LockSupport.unpark(this.thread);
		this.thread.join();
	}

	/**
	 * How many connections waited in the accept queue when the listening socket was
	 * closed: the kernel has reset them. Empty where that is not known.
	 */
	OptionalLong leftInQueue() {
		return this.leftInQueue;
	}

	// Nothing but a connection takes a thread out of accept(2) without closing the queue.
	// With SO_REUSEPORT it may reach another process's socket, so try again
	private boolean wakeUp() throws InterruptedException {
		long end = System.nanoTime() + WAKE_UP_TIME.toNanos();
		while (!hasStoppedServing() && System.nanoTime() < end) {
			// Elsewhere it sees by itself that it is to stop
			if (this.state == ServerState.ACCEPTING) {
				this.wakeUps.connect(this.stoppedServing, WAKE_UP_PAUSE_MILLIS);
			}
			this.stoppedServing.await(WAKE_UP_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
		}
		return hasStoppedServing();
	}

	private boolean hasStoppedServing() {
		return this.stoppedServing.getCount() == 0 || isEnded();
	}

	private void run() {
		while (!this.stopping && this.socket.channel().isOpen()) {
			try {
				acceptNext();
			}
			catch (Throwable ex) {
				fail(ex);
			}
		}
		this.stoppedServing.countDown();
		try {
			acceptQueued();
		}
		catch (Throwable ex) {
			fail(ex);
		}
		try {
			this.leftInQueue = this.socket.channel().isOpen() ? this.queueLength.get() : OptionalLong.empty();
		}
		catch (Throwable ex) {
			fail(ex);
		}
		this.socket.close();
		this.spares.release();
		this.state = ServerState.STOPPED;
	}

	private void acceptNext() throws InterruptedException {
		Slot slot = this.admission.tryAcquire();
		if (slot == null) {
			this.state = ServerState.FULL;
			slot = this.admission.acquire(0);
		}
		if (slot != null) {
			accept(slot);
		}
	}

	@SuppressWarnings("ThreadPriorityCheck") // Others run, if there are any
	private void accept(Slot slot) {
		boolean served = false;
		try {
			this.spares.hold();
			this.acceptingSince = System.nanoTime();
			this.state = ServerState.ACCEPTING;
			this.failure = null;
			SocketChannel accepted = this.socket.channel().accept();
			this.episode = null;
			boolean waited = System.nanoTime() - this.acceptingSince > WAITED;
			served = serve(accepted, slot);
			if (waited) {
				// Each wake-up takes the processor from connections. While they run,
				// more newcomers queue up, and one wake-up serves them all
				Thread.yield();
			}
		}
		catch (ClosedChannelException ex) {
			logger.debug("The listening socket was closed");
		}
		catch (IOException ex) {
			backOff(ex, this.state == ServerState.ACCEPTING && System.nanoTime() - this.acceptingSince > AT_ONCE);
		}
		finally {
			if (!served) {
				slot.close();
			}
		}
	}

	// Returns whether it is a connection, and so its place used
	private boolean serve(SocketChannel accepted, Slot slot) throws IOException {
		if (this.stopping && this.wakeUps.remove(accepted)) {
			accepted.close();
			return false;
		}
		this.server.accept(accepted, slot);
		return true;
	}

	private void backOff(IOException ex, boolean newEpisode) {
		AcceptError error = count(ex);
		Episode before = newEpisode ? null : this.episode;
		this.episode = new Episode((before != null) ? before.since : System.nanoTime(), error);
		if (before == null) {
			logger.warn(
					"Cannot accept connections for now ({}: {}): newcomers wait in the accept queue, open connections "
							+ "are served. Weir tries again every {} ms. What to do: {}",
					error.text(), ex.getMessage(), PAUSE.toMillis(), error.remedy());
		}
		this.state = ServerState.BACKING_OFF;
		pause(PAUSE);
	}

	private AcceptError count(IOException ex) {
		AcceptError error = AcceptError.of(ex);
		this.errors.accept(error);
		if (error == AcceptError.EMFILE || error == AcceptError.ENFILE) {
			this.spares.release();
		}
		return error;
	}

	private void fail(Throwable ex) {
		this.failure = ex;
		this.state = ServerState.FAILED;
		try {
			logger.error("The accept loop failed, which is a bug in Weir; it starts again in {} s. "
					+ "Open connections are served", FAILED_PAUSE.toSeconds(), ex);
		}
		catch (Throwable withoutLine) {
			// There may be no memory for the line either, and the loop goes on
		}
		pause(FAILED_PAUSE);
	}

	private void pause(Duration time) {
		if (!this.stopping) {
			LockSupport.parkNanos(this, time.toNanos());
		}
	}

	// Those that waited when accepting was stopped. Where their number is not known, it
	// ends when the queue is empty once
	private void acceptQueued() throws IOException, InterruptedException {
		if (!this.socket.channel().isOpen()) {
			return;
		}
		this.socket.channel().configureBlocking(false);
		long left = this.queueLength.get().orElse(Long.MAX_VALUE);
		while (left > 0) {
			try {
				left = acceptQueued(left);
			}
			catch (RuntimeException | Error ex) {
				fail(ex);
				LockSupport.parkNanos(this, Math.clamp(this.deadline - System.nanoTime(), 0, FAILED_PAUSE.toNanos()));
				left = (millisLeft() > 0) ? left : 0;
			}
		}
	}

	private long acceptQueued(long left) throws InterruptedException {
		long millis = millisLeft();
		// 0 would be to wait for ever
		Slot slot = (millis > 0) ? this.admission.acquire(millis) : this.admission.tryAcquire();
		long waiting = (millis > 0) ? left : 0;
		return (slot != null) ? acceptQueued(slot, left) : waiting;
	}

	// Returns how many are left to accept: none where the queue is empty, or it is over
	private long acceptQueued(Slot slot, long left) {
		boolean served = false;
		try {
			this.spares.hold();
			SocketChannel accepted = this.socket.channel().accept();
			served = accepted != null && serve(accepted, slot);
			return (accepted != null) ? left - 1 : 0;
		}
		catch (ClosedChannelException ex) {
			logger.debug("The listening socket was closed before its queue was empty");
			return 0;
		}
		catch (IOException ex) {
			count(ex);
			// A connection that ends meanwhile gives its file descriptor back
			LockSupport.parkNanos(this, PAUSE.toNanos());
			boolean over = millisLeft() <= 0;
			if (over) {
				logger.warn("What waits in the accept queue could not be accepted before the end: {}", ex.toString());
			}
			return over ? 0 : left;
		}
		finally {
			if (!served) {
				slot.close();
			}
		}
	}

	private long millisLeft() {
		return TimeUnit.NANOSECONDS.toMillis(this.deadline - System.nanoTime());
	}

}
