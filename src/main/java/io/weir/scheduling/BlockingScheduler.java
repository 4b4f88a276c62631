package io.weir.scheduling;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SocketChannel;
import java.util.function.Function;

/**
 * Leaves waiting to the JDK: its channels block the connection's thread. Safe for any
 * thread.
 */
final class BlockingScheduler implements ConnectionScheduler {

	private final Function<String, ConnectionThread> threads;

	private volatile boolean started;

	/**
	 * Creates a scheduler, not started.
	 * @param threads makes a thread of a name
	 */
	BlockingScheduler(Function<String, ConnectionThread> threads) {
		this.threads = threads;
	}

	@Override
	public void start() {
		try {
			JdkPollers.initialize();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.started = true;
	}

	@Override
	public ConnectionThread newThread(String name, SocketChannel channel) {
		if (!this.started) {
			throw new IllegalStateException("Not started");
		}
		return this.threads.apply(name);
	}

	@Override
	public void stop() {
		this.started = false;
	}

}
