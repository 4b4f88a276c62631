package io.weir.scheduling;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * What the scheduler knows of a loop from looking at it now and then. Guarded by the
 * scheduler's lock, but for what chooses a loop for a new connection.
 */
final class LoopState {

	private static final long STALL = TimeUnit.SECONDS.toNanos(1);

	private final EventLoop loop;

	private long rounds = -1;

	private long since;

	private boolean reported;

	private boolean retiring;

	private volatile double busy;

	private volatile boolean takesConnections = true;

	// Of the accept thread
	private double turn;

	LoopState(EventLoop loop) {
		this.loop = loop;
		this.since = System.nanoTime();
	}

	EventLoop loop() {
		return this.loop;
	}

	// Looks whether the loop has come round since the last look
	void look(long now) {
		long current = this.loop.rounds();
		if (current != this.rounds || this.loop.selector().isAsleep()) {
			this.rounds = current;
			this.since = now;
		}
	}

	boolean isStalled(long now) {
		return now - this.since >= STALL;
	}

	// As of the last look
	@Nullable Stall stall(long now) {
		if (!isStalled(now)) {
			return null;
		}
		String name = (this.loop.running() instanceof LoopThread connection) ? connection.toString()
				: this.loop.thread().getName();
		return new Stall(name, Duration.ofNanos(now - this.since));
	}

	void update(double busy, boolean stalled) {
		this.busy = busy;
		this.takesConnections = !stalled && !this.retiring;
	}

	double busy() {
		return this.busy;
	}

	boolean isRetiring() {
		return this.retiring;
	}

	void retire(boolean retiring) {
		this.retiring = retiring;
		this.takesConnections = !retiring;
	}

	boolean takesConnections() {
		return this.takesConnections;
	}

	// The loop whose turn has risen highest is next. A busy loop's turn rises one third
	// as fast as an idle one's
	double addTurn() {
		this.turn += weight();
		return this.turn;
	}

	void takeTurn(double sum) {
		this.turn -= sum;
	}

	double weight() {
		return 1.5 - this.busy;
	}

	// The failure of the loop to be told now, if it is the first
	@Nullable Throwable firstFailure() {
		Throwable failure = this.loop.takeFailure();
		if (failure == null || this.reported) {
			return null;
		}
		this.reported = true;
		return failure;
	}

}
