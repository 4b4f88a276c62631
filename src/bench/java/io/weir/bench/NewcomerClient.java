package io.weir.bench;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Connects at regular intervals, sends a message, waits until it has come back, and
 * closes. Counts the time from connecting to the answer.
 */
final class NewcomerClient extends PingPongClient {

	private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(50);

	private boolean waiting = true;

	NewcomerClient(Tally tally, int id) {
		super(tally, id);
	}

	@Override
	void ready() throws IOException {
		if (receive(received())) {
			verifyEcho();
			tally().done(1, sinceConnect());
			this.waiting = false;
			close();
		}
	}

	/**
	 * Connects again if it is time.
	 */
	void tick() throws IOException {
		if (!this.waiting && sinceConnect() >= INTERVAL) {
			this.waiting = true;
			reconnect();
		}
	}

	/**
	 * Counts a wait that has not ended as if it ended now.
	 */
	void countWait() {
		if (this.waiting) {
			tally().done(1, sinceConnect());
		}
	}

}
