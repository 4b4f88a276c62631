package io.weir.scheduling;

import java.util.Comparator;
import java.util.List;

/**
 * Decides how many loops there are and which connections move. Called by one thread,
 * about once a second.
 */
final class LoopBalance {

	// Of the time of a loop
	private static final double BUSY = 0.9;

	// A loop with more time than that left takes connections of a busy one
	private static final double HAS_TIME = 0.5;

	// Of the time of one loop less than there are
	private static final double IDLE = 0.6;

	// Processors; with less to spare one more loop takes as much as it gives
	private static final double SPARE = 0.5;

	// Rounds between two moves from a busy loop to one with time
	private static final int REST = 5;

	// Woken to move per round: a move costs some us
	private static final int MAX_WOKEN = 1000;

	private final LoopLoad load;

	private boolean wasBusy;

	private int rest;

	LoopBalance(LoopLoad load) {
		this.load = load;
	}

	/**
	 * Whether one more loop would help.
	 * @param loops with up-to-date figures
	 * @param max how many there may be
	 */
	boolean wantsMore(List<LoopState> loops, int max) {
		List<LoopState> active = active(loops);
		boolean busy = active.size() < max && active.stream().anyMatch((state) -> state.busy() > BUSY);
		// The figure is that since the last call: it counts from the second call on
		double spare = busy ? this.load.spareProcessors() : 0;
		boolean counts = this.wasBusy;
		this.wasBusy = busy;
		boolean wants = busy && counts && spare >= SPARE && leastBusy(active).busy() > HAS_TIME;
		if (wants) {
			this.rest = 0;
			this.wasBusy = false;
		}
		return wants;
	}

	/**
	 * Has connections moved, and loops retired.
	 * @param loops with up-to-date figures
	 */
	void adapt(List<LoopState> loops) {
		List<LoopState> active = active(loops);
		LoopState least = leastBusy(active);
		LoopState busiest = active.stream().max(Comparator.comparingDouble(LoopState::busy)).orElse(least);
		double sum = active.stream().mapToDouble(LoopState::busy).sum();
		if (this.rest > 0) {
			this.rest--;
		}
		if (active.size() > 1 && busiest.busy() > BUSY && least.busy() < HAS_TIME) {
			if (this.rest == 0) {
				this.rest = REST;
				moveHalf(busiest.loop(), least.loop());
			}
		}
		else if (active.size() > 1 && sum < IDLE * (active.size() - 1)) {
			active.getLast().retire(true);
		}
		loops.stream()
			.filter(LoopState::isRetiring)
			.forEach((state) -> moveAll(state.loop(), stayingBut(loops, state)));
	}

	private static EventLoop stayingBut(List<LoopState> loops, LoopState leaving) {
		return leastBusy(active(loops).stream().filter((state) -> state != leaving).toList()).loop();
	}

	private static List<LoopState> active(List<LoopState> loops) {
		return loops.stream().filter((state) -> !state.isRetiring()).toList();
	}

	private static LoopState leastBusy(List<LoopState> loops) {
		return loops.stream().min(Comparator.comparingDouble(LoopState::busy)).orElseThrow();
	}

	// Every second one of those that have run within the last second or two. A connection
	// that keeps a loop busy alone would take its load with it
	private static void moveHalf(EventLoop from, EventLoop to) {
		int since = from.epoch() - 1;
		from.hand((loop) -> {
			int[] active = new int[1];
			loop.connections().forEach((connection) -> {
				if (connection.hasRunSince(since) && active[0]++ % 2 == 1) {
					connection.askToMove(to, false);
				}
			});
		});
	}

	private static void moveAll(EventLoop from, EventLoop to) {
		from.hand((loop) -> {
			int[] asked = new int[1];
			loop.connections().forEach((connection) -> {
				if (asked[0] < MAX_WOKEN && connection.target() != to) {
					asked[0]++;
					connection.askToMove(to, true);
				}
			});
		});
	}

}
