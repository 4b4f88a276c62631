package io.weir.tls;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import javax.net.ssl.SSLEngine;

import org.jspecify.annotations.Nullable;

import io.weir.transport.Transport;

/**
 * Runs what the engine delegates, key exchange and certificate checks, which compute for
 * milliseconds. As many at once as there are processors, on platform threads: so
 * handshakes take their share of the processors from the kernel, and never the thread
 * that other connections run on. Safe for any thread.
 */
final class TlsTasks {

	private final AtomicInteger names = new AtomicInteger();

	private final AtomicInteger waiting = new AtomicInteger();

	private final ThreadPoolExecutor threads;

	/**
	 * Creates the tasks of a server, without a thread at first.
	 */
	TlsTasks() {
		int count = Runtime.getRuntime().availableProcessors();
		this.threads = new ThreadPoolExecutor(count, count, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), (
				task) -> Thread.ofPlatform().daemon().name("tls-task-" + this.names.incrementAndGet()).unstarted(task));
		this.threads.allowCoreThreadTimeOut(true);
	}

	/**
	 * Runs all that an engine delegates now. Waits for a thread and for the end.
	 * @param engine a connection's own
	 * @param connection no longer waited for when it is closed
	 * @throws AsynchronousCloseException if the connection was closed
	 * @throws IOException if the caller was interrupted
	 */
	void run(SSLEngine engine, Transport connection) throws IOException {
		Runnable task = engine.getDelegatedTask();
		while (task != null) {
			this.waiting.incrementAndGet();
			try {
				await(new Delegated(task, Thread.currentThread()), connection);
			}
			finally {
				this.waiting.decrementAndGet();
			}
			task = engine.getDelegatedTask();
		}
	}

	// Closing the connection wakes its thread
	private void await(Delegated task, Transport connection) throws IOException {
		this.threads.execute(task);
		try {
			while (!task.isDone()) {
				if (Thread.currentThread().isInterrupted()) {
					throw new InterruptedIOException("Interrupted while a TLS handshake was computed");
				}
				if (!connection.isOpen()) {
					throw new AsynchronousCloseException();
				}
				LockSupport.park(this);
			}
		}
		finally {
			// One that has not begun takes no thread's time
			task.cancel(false);
		}
		if (task.state() == Future.State.FAILED) {
			throw rethrown(task.exceptionNow());
		}
	}

	private static RuntimeException rethrown(@Nullable Throwable cause) {
		return switch (cause) {
			case RuntimeException failure -> throw failure;
			case Error failure -> throw failure;
			case null, default -> new IllegalStateException(cause);
		};
	}

	/**
	 * How many handshakes wait for a thread, or are on one.
	 */
	int waiting() {
		return this.waiting.get();
	}

	private static final class Delegated extends FutureTask<@Nullable Void> {

		private final Thread waiting;

		private Delegated(Runnable task, Thread waiting) {
			super(task, null);
			this.waiting = waiting;
		}

		@Override
		protected void done() {
			LockSupport.unpark(this.waiting);
		}

	}

}
