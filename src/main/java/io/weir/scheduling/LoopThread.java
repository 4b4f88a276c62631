package io.weir.scheduling;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * A connection's virtual thread, which runs on an event loop and may move to another one.
 * It is its own executor: it hands itself, and what its task starts without a scheduler,
 * to the loop that it is on now. Its channel does not block underneath.
 */
final class LoopThread implements ConnectionThread, Executor, EventLoop.Task {

	private static final int READ = SelectionKey.OP_READ;

	private static final int WRITE = SelectionKey.OP_WRITE;

	private final SchedulableThreads threads;

	private final String name;

	private final SocketChannel channel;

	private volatile EventLoop loop;

	// Where to move at the next safe point
	private volatile @Nullable EventLoop target;

	// Left by the last move; its selector may still know the channel
	private volatile @Nullable EventLoop left;

	private volatile @Nullable Thread thread;

	private @Nullable Runnable continuation;

	private volatile @Nullable Thread reader;

	private volatile @Nullable Thread writer;

	private volatile boolean closed;

	// Those below are of the thread of the loop. A move happens on the old loop's thread
	// and is handed over to the new one

	// The loop whose thread carries this one, now or last
	private @Nullable EventLoop carrier;

	private @Nullable SelectionKey key;

	private int interest;

	private int lastEpoch;

	/** Of {@link ConnectionList}. */
	@Nullable ConnectionList list;

	/** Of {@link ConnectionList}. */
	@Nullable LoopThread previous;

	/** Of {@link ConnectionList}. */
	@Nullable LoopThread next;

	/**
	 * Creates a thread, not started.
	 * @param threads builds the virtual thread
	 * @param name its name
	 * @param channel its connection's
	 * @param loop where it begins
	 */
	LoopThread(SchedulableThreads threads, String name, SocketChannel channel, EventLoop loop) {
		this.threads = threads;
		this.name = name;
		this.channel = channel;
		this.loop = loop;
	}

	@Override
	public void start(Runnable task) {
		Thread unstarted = this.threads.builder(this).name(this.name).unstarted(() -> runTask(task));
		this.thread = unstarted;
		EventLoop first = this.loop;
		first.count().incrementAndGet();
		boolean started = false;
		try {
			unstarted.start();
			started = true;
		}
		finally {
			if (!started) {
				first.count().decrementAndGet();
			}
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
			this.key = null;
			this.interest = 0;
			this.loop = on;
		}
		on.connections().add(this);
		if (this.reader != null || this.writer != null) {
			on.updateLater(this);
		}
	}

	@Override
	@SuppressWarnings("ThreadPriorityCheck") // The loop puts it behind the others
	public boolean beforeRead(boolean lastReadFilledItsBuffer) {
		if (!isOwnThread()) {
			return false;
		}
		moveIfAsked();
		EventLoop on = this.carrier;
		if (on == null || on.hasOthers()) {
			Thread.yield();
			return false;
		}
		if (lastReadFilledItsBuffer && on.isSelectDue()) {
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
			if (on == null || on.hasOthers() || on.isSelectDue()) {
				Thread.yield();
			}
		}
		else {
			Thread.yield();
		}
	}

	@Override
	public void awaitReadable() throws IOException {
		await(READ);
	}

	@Override
	public void awaitWritable() throws IOException {
		await(WRITE);
	}

	private void await(int operation) throws IOException {
		Thread current = Thread.currentThread();
		boolean own = current == this.thread;
		if (own) {
			moveIfAsked();
		}
		setWaiter(operation, current);
		EventLoop on = this.loop;
		if (!own || this.carrier != on) {
			on.hand((loop) -> loop.updateLater(this));
		}
		else if ((this.interest & operation) == 0) {
			on.updateLater(this);
		}
		if (waiter(operation) == current && !this.closed && this.channel.isOpen()) {
			if (this.loop.isEnded()) {
				closeChannel();
				throw new AsynchronousCloseException();
			}
			// Woken too early, the thread reads or writes once in vain
			LockSupport.park(this);
		}
		setWaiter(operation, null);
		if (current.isInterrupted()) {
			closeChannel();
			throw new ClosedByInterruptException();
		}
	}

	private void setWaiter(int operation, @Nullable Thread waiter) {
		if (operation == READ) {
			this.reader = waiter;
		}
		else {
			this.writer = waiter;
		}
	}

	private @Nullable Thread waiter(int operation) {
		return (operation == READ) ? this.reader : this.writer;
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
		// A closed channel keeps its descriptor until a selector has let go of it
		this.loop.wake();
		EventLoop old = this.left;
		if (old != null) {
			old.wake();
		}
	}

	/**
	 * Wakes those that wait, to look again. Any thread.
	 */
	void wakeAll() {
		LockSupport.unpark(this.reader);
		LockSupport.unpark(this.writer);
	}

	/**
	 * Wakes those whom a key tells that the socket is ready. On the loop's thread.
	 * @param fired of this connection
	 */
	@SuppressWarnings("ReferenceEquality") // A key has no other identity
	void keyReady(SelectionKey fired) {
		if (fired != this.key || !fired.isValid()) {
			return;
		}
		int ops = fired.readyOps();
		int left = this.interest;
		if ((ops & READ) != 0) {
			Thread waiting = this.reader;
			if (waiting != null) {
				this.reader = null;
				LockSupport.unpark(waiting);
			}
			else {
				left &= ~READ;
			}
		}
		if ((ops & WRITE) != 0) {
			// A socket takes bytes most of the time: nobody wants to know that for long
			left &= ~WRITE;
			Thread waiting = this.writer;
			if (waiting != null) {
				this.writer = null;
				LockSupport.unpark(waiting);
			}
		}
		if (left != this.interest) {
			this.interest = left;
			fired.interestOps(left);
		}
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
		try {
			register(on);
		}
		catch (IOException | RuntimeException ex) {
			// Closed meanwhile, or out of descriptors or memory of the kernel
			readAgain();
		}
		catch (Error ex) {
			readAgain();
			throw ex;
		}
	}

	private void register(EventLoop on) throws IOException {
		int wanted = this.interest | ((this.reader != null) ? READ : 0) | ((this.writer != null) ? WRITE : 0);
		SelectionKey current = this.key;
		if (current == null) {
			try {
				this.key = this.channel.register(on.selector(), wanted, this);
			}
			catch (CancelledKeyException ex) {
				// It was here before: the selector lets go of the old key in a select
				on.selectNow();
				this.key = this.channel.register(on.selector(), wanted, this);
			}
			this.interest = wanted;
		}
		else if (wanted != this.interest) {
			current.interestOps(wanted);
			this.interest = wanted;
		}
	}

	private void readAgain() {
		Thread waiting = this.reader;
		this.reader = null;
		LockSupport.unpark(waiting);
		waiting = this.writer;
		this.writer = null;
		LockSupport.unpark(waiting);
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

	@SuppressWarnings("ThreadPriorityCheck") // The loop that it is handed to is the new
												// one
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
		SelectionKey old = this.key;
		if (old != null) {
			from.cancelLater(old);
			this.key = null;
			this.interest = 0;
		}
		from.connections().remove(this);
		this.left = from;
		to.count().incrementAndGet();
		this.loop = to;
		from.count().decrementAndGet();
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
