package io.weir.connection;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

import org.jspecify.annotations.Nullable;

/**
 * Chooses the thread for each exchange of connections that have virtual threads.
 * <p>
 * While one or two connections are the only active ones, each moves to a platform thread:
 * a virtual thread that waits for its peer costs several system calls more (epoll, futex)
 * than a platform thread that blocks in read(2). While more are active, all stay on their
 * virtual threads and let the others go first before they read: meanwhile the answer
 * comes, and the read finds it without waiting.
 */
public final class ThreadPlacement {

	// So many exchanges in a row without two others in between
	static final int STREAK = 16;

	// A moved connection that falls silent keeps its thread until its next byte
	static final int MOST_THREADS = 8;

	private static final int ALONE = 2;

	private static final long QUIET = TimeUnit.MILLISECONDS.toNanos(100);

	private final Semaphore places = new Semaphore(MOST_THREADS);

	// The places bound it; a thread that has just given one back may still be on its way
	private final ExecutorService threads;

	private final CarrierThreads carriers = new CarrierThreads();

	private final FairYield fair = new FairYield();

	private final IntSupplier open;

	// System.nanoTime() when a connection began last
	private volatile long lastBegin = System.nanoTime() - QUIET;

	// The two connections that were active last
	private volatile @Nullable Connection last;

	private volatile @Nullable Connection lastButOne;

	/**
	 * Creates the placement of a server's connections.
	 * @param open how many connections are open
	 */
	public ThreadPlacement(IntSupplier open) {
		this(open, Thread.ofPlatform().daemon().factory());
	}

	ThreadPlacement(IntSupplier open, ThreadFactory factory) {
		this.open = open;
		this.threads = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(),
				factory);
	}

	/**
	 * Begins to choose the number of carrier threads, which is the whole JVM's.
	 */
	public void begin() {
		this.carriers.begin();
	}

	/**
	 * Leaves the number of carrier threads to the JDK again.
	 */
	public void end() {
		this.carriers.end();
	}

	/**
	 * Runs exchange after exchange to the end of the connection. Called on the
	 * connection's virtual thread.
	 * @param connection the connection
	 * @param exchange what to run
	 * @return why it ended
	 * @throws IOException as the exchange does
	 */
	CloseReason run(Connection connection, Exchange exchange) throws IOException {
		CloseReason outcome = null;
		// Once a virtual thread has read from a socket, that one does not block any more,
		// and a platform thread has to poll it. So those that are alone move before
		boolean alone = beginsAlone();
		int streak = 0;
		while (outcome == null) {
			if (isAmongTwo(connection)) {
				streak++;
			}
			else {
				streak = 0;
				// With more than one carrier it costs more than it saves
				if (!alone && this.carriers.isOne()) {
					this.fair.pass(connection.progressNanos());
				}
			}
			if ((alone || streak >= STREAK) && this.places.tryAcquire()) {
				outcome = runOnPlatformThread(connection, exchange);
				streak = 0;
			}
			else {
				outcome = exchange.run();
			}
			alone = false;
		}
		return outcome;
	}

	/**
	 * Lets others go first within an exchange that does not wait. On a platform thread
	 * that is the kernel's task.
	 */
	void letOthersGoFirst() {
		if (Thread.currentThread().isVirtual()) {
			this.fair.pass(System.nanoTime());
		}
	}

	/**
	 * Adapts the number of carrier threads to the load. Called again and again, by one
	 * thread.
	 */
	public void adapt() {
		this.carriers.adapt();
	}

	// Where many come and go there are few at once, and to move each would cost more
	private boolean beginsAlone() {
		long now = System.nanoTime();
		long quiet = now - this.lastBegin;
		this.lastBegin = now;
		return quiet >= QUIET && this.open.getAsInt() <= ALONE;
	}

	// Notes that the connection is active. Returns whether at most one other has been
	// active since its last exchange
	private boolean isAmongTwo(Connection connection) {
		Connection last = this.last;
		if (connection == last || connection == this.lastButOne) {
			return true;
		}
		this.lastButOne = last;
		this.last = connection;
		return false;
	}

	private @Nullable CloseReason runOnPlatformThread(Connection connection, Exchange exchange) throws IOException {
		Future<@Nullable CloseReason> future;
		try {
			future = this.threads.submit(() -> {
				// The log names the connection by its thread
				Thread.currentThread().setName("connection-" + connection.id());
				CloseReason outcome;
				do {
					outcome = exchange.run();
				}
				while (outcome == null && isAmongTwo(connection));
				return outcome;
			});
		}
		catch (OutOfMemoryError ex) {
			// No thread to be had, and none needed
			this.places.release();
			return exchange.run();
		}
		try {
			return await(future);
		}
		finally {
			this.places.release();
		}
	}

	private static @Nullable CloseReason await(Future<@Nullable CloseReason> future) throws IOException {
		while (true) {
			try {
				return future.get();
			}
			catch (InterruptedException ex) {
				// Nobody ends a connection so: its channel is shut down or closed
			}
			catch (ExecutionException ex) {
				switch (ex.getCause()) {
					case IOException cause -> throw cause;
					case RuntimeException cause -> throw cause;
					case Error cause -> throw cause;
					case null, default -> throw new IllegalStateException(ex);
				}
			}
		}
	}

}
