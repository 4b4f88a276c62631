package io.weir.bench;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.function.Consumer;

/**
 * Reads a server's metrics every second, as a Prometheus does that is set up so.
 */
final class Watcher implements AutoCloseable {

	private static final long FIRST_NANOS = 500_000_000;

	private static final long INTERVAL_NANOS = 1_000_000_000;

	private final ServerProcess server;

	private final Thread thread = Thread.ofPlatform().name("watcher").daemon().unstarted(this::run);

	private final Consumer<IOException> complaints;

	/**
	 * Creates it, not started.
	 * @param server a Weir
	 * @param complaints told when metrics can't be read
	 */
	Watcher(ServerProcess server, Consumer<IOException> complaints) {
		this.server = server;
		this.complaints = complaints;
	}

	void start() {
		this.thread.start();
	}

	private void run() {
		long next = System.nanoTime() + FIRST_NANOS;
		try {
			while (true) {
				Thread.sleep(Math.max(0, (next - System.nanoTime()) / 1_000_000));
				scrape();
				next += INTERVAL_NANOS;
			}
		}
		catch (InterruptedException ex) {
			// Told to stop
		}
	}

	private void scrape() throws InterruptedException {
		try {
			this.server.scrape();
		}
		catch (IOException ex) {
			this.complaints.accept(ex);
		}
	}

	@Override
	public void close() throws InterruptedIOException {
		this.thread.interrupt();
		try {
			this.thread.join();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptedIOException();
		}
	}

}
