package io.weir.scheduling;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A loop's selector: asked by time while threads are runnable, waited for while none is.
 * Of the loop's thread, but for {@link #wake()}.
 */
final class LoopSelector {

	// While threads are runnable, for so long those whose sockets are ready wait at most
	private static final long MAX_WITHOUT_SELECT = TimeUnit.MICROSECONDS.toNanos(250);

	private final Selector selector;

	private final Consumer<SelectionKey> ready = LoopSelector::ready;

	private final Consumer<SelectionKey> readyAlone = LoopSelector::readyAlone;

	private final ArrayDeque<SelectionKey> cancelled = new ArrayDeque<>();

	private volatile boolean asleep;

	private long lastSelect;

	private boolean justSelected;

	LoopSelector(Selector selector) {
		this.selector = selector;
	}

	private static void ready(SelectionKey key) {
		if (key.attachment() instanceof LoopKey socket) {
			socket.ready(key, false);
		}
	}

	private static void readyAlone(SelectionKey key) {
		if (key.attachment() instanceof LoopKey socket) {
			socket.ready(key, true);
		}
	}

	/**
	 * Waits until a socket is ready or another thread wakes the loop.
	 * @param nothingToDo asked after the sleep is announced; a producer adds first and
	 * looks for the announcement then
	 * @throws IOException if the selector fails
	 */
	void await(BooleanSupplier nothingToDo) throws IOException {
		this.asleep = true;
		try {
			if (!nothingToDo.getAsBoolean()) {
				this.selector.selectNow(this.ready);
			}
			else if (this.selector.select(this.readyAlone) == 0) {
				// A selector never waits again below an interrupted thread
				Thread.interrupted();
			}
		}
		finally {
			this.asleep = false;
		}
		this.justSelected = true;
	}

	/**
	 * Wakes the sockets that are ready, if it is time to look.
	 * @throws IOException if the selector fails
	 */
	void selectIfDue() throws IOException {
		if (isDue()) {
			this.justSelected = true;
			this.selector.selectNow(this.ready);
		}
	}

	/**
	 * Whether the selector was last asked so long ago that it is time. The clock starts
	 * with the first call after each select.
	 * @return {@code true} until it is asked
	 */
	boolean isDue() {
		long now = System.nanoTime();
		if (this.justSelected) {
			this.justSelected = false;
			this.lastSelect = now;
		}
		return now - this.lastSelect > MAX_WITHOUT_SELECT;
	}

	/**
	 * Ends the wait for the selector. Any thread.
	 */
	void wake() {
		if (this.asleep) {
			this.asleep = false;
			this.selector.wakeup();
		}
	}

	boolean isAsleep() {
		return this.asleep;
	}

	/**
	 * Has the key of a connection that moves away cancelled at the next {@link #letGo()}.
	 */
	void cancel(SelectionKey key) {
		this.cancelled.add(key);
	}

	/**
	 * Lets go of connections that have moved away. To be called before another virtual
	 * thread runs on this loop: one that closed such a channel could hold the channel's
	 * lock and wait for a second one, and the select that lets go would wait for it
	 * without end.
	 * @throws IOException if the selector fails
	 */
	void letGo() throws IOException {
		if (!this.cancelled.isEmpty()) {
			for (SelectionKey key = this.cancelled.poll(); key != null; key = this.cancelled.poll()) {
				key.cancel();
			}
			this.selector.selectNow(this.ready);
		}
	}

	Selector selector() {
		return this.selector;
	}

	void close() throws IOException {
		this.selector.close();
	}

}
