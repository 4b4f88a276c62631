package io.weir.scheduling;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * A connection's virtual thread, which runs on an event loop and may move to another one.
 * It is its own executor: it hands itself, and what its task starts without a scheduler,
 * to the loop that it is on now. Its channel does not block underneath.
 */
final class LoopThread implements ConnectionThread, Executor, EventLoop.Task {

	// The selector wakes one thread for each operation. A second one looks again so often
	private static final long SECOND_WAITER_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

	private static final long PINNED_LOOK = TimeUnit.MILLISECONDS.toNanos(1);

	private static final int READS_OF_OTHERS = 16;

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private final SchedulableThreads threads;

	private final String name;

	private final SocketChannel channel;

	private final LoopKey key;

	private volatile EventLoop loop;

	// Where to move at the next safe point
	private volatile @Nullable EventLoop target;

	private volatile @Nullable Thread thread;

	private @Nullable Runnable continuation;

	private volatile boolean closed;

	// Found holding its loop: it waits without letting go, so it looks for itself
	private volatile boolean pinned;

	// Of a handler's thread that reads; where there are two, roughly counted
	private int readsOfOthers;

	// Those below are of the thread of the loop. A move happens on the old loop's thread
	// and is handed over to the new one

	// The loop whose thread carries this one, now or last
	private @Nullable EventLoop carrier;

	private int lastEpoch;

	/** Of {@link ConnectionList}. */
	@Nullable ConnectionList list;

	/** Of {@link ConnectionList}. */
	@Nullable LoopThread previous;

	/** Of {@link ConnectionList}. */
	@Nullable LoopThread next;

	LoopThread(SchedulableThreads threads, String name, SocketChannel channel, EventLoop loop) {
		this.threads = threads;
		this.name = name;
		this.channel = channel;
		this.key = new LoopKey(channel);
		this.loop = loop;
	}

	@Override
	public void start(Runnable task) {
		Thread unstarted = this.threads.builder(this).name(this.name).unstarted(() -> runTask(task));
		this.thread = unstarted;
		EventLoop first = this.loop;
		first.count().incrementAndGet();
		try {
			unstarted.start();
		}
		catch (Throwable ex) {
			first.count().decrementAndGet();
			throw ex;
		}
	}

	private void runTask(Runnable task) {
		try {
			stopBlocking();
			task.run();
		}
		finally {
			EventLoop last = this.carrier;
			if (last != null && !last.isEnded()) {
				last.connections().remove(this);
			}
			this.loop.count().decrementAndGet();
		}
	}

	private void stopBlocking() {
		try {
			if (this.channel.isConnected()) {
				// On a virtual thread the JDK stops blocking underneath by itself, at the
				// first read: then the next line has nothing to ask the kernel for
				this.channel.read(NOTHING);
			}
			this.channel.configureBlocking(false);
		}
		catch (IOException ex) {
			// A read that blocks would block all: the task sees a closed channel instead
			closeChannel();
		}
	}

	/**
	 * Runs this thread, or one that it started, on its loop. Called by the JDK.
	 */
	@Override
	@SuppressWarnings("ReferenceEquality") // The JDK hands over the same object each time
	public void execute(Runnable runnable) {
		if (this.continuation == null) {
			// The start: nothing else can have been started before
			this.continuation = runnable;
		}
		this.loop.hand((runnable == this.continuation) ? this : (loop) -> runnable.run());
	}

	/**
	 * Runs this thread until it waits. Called by the loop.
	 */
	@Override
	public void run(EventLoop on) {
		if (this.carrier != on) {
			arrive(on);
		}
		this.lastEpoch = on.epoch();
		if (this.pinned) {
			this.pinned = false;
		}
		Runnable runnable = this.continuation;
		if (runnable != null) {
			runnable.run();
		}
	}

	private void arrive(EventLoop on) {
		this.carrier = on;
		if (on.isEnded()) {
			return;
		}
		EventLoop expected = this.loop;
		if (expected != on && expected.isEnded()) {
			on.count().incrementAndGet();
			this.key.forget();
			this.loop = on;
		}
		on.connections().add(this);
		if (this.key.waiter(LoopKey.READ) != null || this.key.waiter(LoopKey.WRITE) != null) {
			on.updateLater(this);
		}
	}

	@Override
	@SuppressWarnings("ThreadPriorityCheck") // The loop puts it behind the others
	public boolean beforeRead(boolean lastReadFilledItsBuffer) {
		if (!isOwnThread()) {
			// A handler's, of any kind, and on any loop. It comes behind those with much
			// to do, so not at each of its short reads
			if (lastReadFilledItsBuffer || ++this.readsOfOthers % READS_OF_OTHERS == 0) {
				Thread.yield();
			}
			return false;
		}
		moveIfAsked();
		EventLoop on = this.carrier;
		if (on == null || on.hasOthers()) {
			if (on != null && !lastReadFilledItsBuffer) {
				on.givesWayWithLittle();
			}
			Thread.yield();
			return false;
		}
		if (lastReadFilledItsBuffer && on.selector().isDue()) {
			Thread.yield();
		}
		return !lastReadFilledItsBuffer;
	}

	@Override
	@SuppressWarnings("ThreadPriorityCheck") // The loop puts it behind the others
	public void giveWay() {
		if (isOwnThread()) {
			moveIfAsked();
			EventLoop on = this.carrier;
			if (on == null || on.hasOthers() || on.selector().isDue()) {
				Thread.yield();
			}
		}
		else {
			Thread.yield();
		}
	}

	@Override
	public void awaitReadable() throws IOException {
		await(LoopKey.READ);
	}

	@Override
	public void awaitWritable() throws IOException {
		await(LoopKey.WRITE);
	}

	private void await(int operation) throws IOException {
		Thread current = Thread.currentThread();
		boolean own = current == this.thread;
		if (own) {
			moveIfAsked();
		}
		Thread other = this.key.waiter(operation);
		if (other != null && other != current) {
			// A handler's thread may still read when the connection's own reads on
			LockSupport.parkNanos(this, SECOND_WAITER_NANOS);
			closeIfInterrupted(current);
			return;
		}
		this.key.setWaiter(operation, current);
		EventLoop on = this.loop;
		if (!own || this.carrier != on) {
			on.hand((loop) -> loop.updateLater(this));
		}
		else if (!this.key.isWatched(operation)) {
			on.updateLater(this);
		}
		if (this.key.waiter(operation) == current && !this.closed && this.channel.isOpen()) {
			if (this.loop.isEnded()) {
				closeChannel();
				throw new AsynchronousCloseException();
			}
			// Woken too early, the thread reads or writes once in vain
			if (this.pinned) {
				LockSupport.parkNanos(this, PINNED_LOOK);
			}
			else {
				LockSupport.park(this);
			}
		}
		this.key.setWaiter(operation, null);
		closeIfInterrupted(current);
	}

	private void closeIfInterrupted(Thread current) throws ClosedByInterruptException {
		if (current.isInterrupted()) {
			closeChannel();
			throw new ClosedByInterruptException();
		}
	}

	private void closeChannel() {
		try {
			this.channel.close();
		}
		catch (IOException ex) {
			// It counts as closed all the same
		}
		channelClosed();
	}

	@Override
	public void channelClosed() {
		this.closed = true;
		wakeAll();
		LockSupport.unpark(this.thread);
		// A closed channel keeps its descriptor until the selector has let go of it
		this.loop.wake();
	}

	/**
	 * Wakes those that wait, to look again. Any thread.
	 */
	void wakeAll() {
		this.key.wakeAll();
	}

	/**
	 * Has the thread look for its bytes itself until it lets go of its loop. Any thread.
	 */
	void foundPinned() {
		this.pinned = true;
		wakeAll();
	}

	/**
	 * Tells the selector what the threads wait for. On the loop's thread.
	 * @param on the loop that calls
	 */
	void updateKey(EventLoop on) {
		EventLoop current = this.loop;
		if (current != on) {
			if (current.isEnded()) {
				wakeAll();
			}
			else {
				// It has moved meanwhile
				current.hand((loop) -> loop.updateLater(this));
			}
			return;
		}
		this.key.update(on.selector().selector());
	}

	/**
	 * Asks the thread to move at its next safe point. On its loop's thread.
	 * @param to another loop
	 * @param wake whether to wake it for that
	 */
	void askToMove(EventLoop to, boolean wake) {
		this.target = to;
		if (wake) {
			wakeAll();
		}
	}

	@Nullable EventLoop target() {
		return this.target;
	}

	boolean hasRunSince(int epoch) {
		return this.lastEpoch - epoch >= 0;
	}

	@SuppressWarnings("ThreadPriorityCheck") // It is handed to the new loop
	private void moveIfAsked() {
		EventLoop to = this.target;
		if (to == null) {
			return;
		}
		this.target = null;
		EventLoop from = this.loop;
		if (to == from || this.carrier != from || to.isEnding()) {
			return;
		}
		SelectionKey old = this.key.forget();
		if (old != null) {
			from.selector().cancel(old);
		}
		from.connections().remove(this);
		to.count().incrementAndGet();
		this.loop = to;
		from.count().decrementAndGet();
		// It arrives wherever it runs next: if the new loop ends now, that is here
		this.carrier = null;
		Thread.yield();
	}

	@Override
	public void interrupt() {
		Thread started = this.thread;
		if (started != null) {
			started.interrupt();
		}
	}

	@Override
	public boolean isOwnThread() {
		return Thread.currentThread() == this.thread;
	}

	@Override
	public String toString() {
		return this.name;
	}

}
