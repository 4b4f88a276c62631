package io.weir.tls;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

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

	private static final long LOOK_MILLIS = 100;

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
				await(this.threads.submit(task), connection);
			}
			finally {
				this.waiting.decrementAndGet();
			}
			task = engine.getDelegatedTask();
		}
	}

	private static void await(Future<?> task, Transport connection) throws IOException {
		try {
			while (!isDone(task)) {
				if (!connection.isOpen()) {
					throw new AsynchronousCloseException();
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptedIOException("Interrupted while a TLS handshake was computed");
		}
		finally {
			// One that has not begun takes no thread's time
			task.cancel(false);
		}
	}

	private static boolean isDone(Future<?> task) throws InterruptedException {
		try {
			task.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
			return true;
		}
		catch (TimeoutException ex) {
			return false;
		}
		catch (ExecutionException ex) {
			throw rethrown(ex.getCause());
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

	/**
	 * How many can run at once.
	 */
	int max() {
		return this.threads.getMaximumPoolSize();
	}

}
