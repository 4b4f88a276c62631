package io.weir.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;

/**
 * Connects at regular intervals, sends a message, waits until it has come back, and
 * closes. Counts the time from connecting to the answer.
 */
final class NewcomerClient extends PingPongClient {

	private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(50);

	private @Nullable InetSocketAddress server;

	private @Nullable Selector selector;

	private boolean waiting;

	private long connecting;

	NewcomerClient(Tally tally, int id) {
		super(tally, id);
	}

	@Override
	void start(InetSocketAddress server, @Nullable SSLContext tls, Selector selector) throws IOException {
		this.server = server;
		this.selector = selector;
		this.waiting = true;
		this.connecting = System.nanoTime();
		super.start(server, tls, selector);
	}

	@Override
	void ready() throws IOException {
		if (receive(received())) {
			verifyEcho();
			tally().done(1, System.nanoTime() - this.connecting);
			this.waiting = false;
			close();
		}
	}

	/**
	 * Connects again if it is time.
	 */
	void tick() throws IOException {
		if (!this.waiting && System.nanoTime() - this.connecting >= INTERVAL && this.server != null
				&& this.selector != null) {
			reopen();
			start(this.server, null, this.selector);
		}
	}

	/**
	 * Counts a wait that has not ended as if it ended now.
	 */
	void countWait() {
		if (this.waiting) {
			tally().done(1, System.nanoTime() - this.connecting);
		}
	}

}
