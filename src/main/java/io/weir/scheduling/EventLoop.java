package io.weir.scheduling;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;

/**
 * A platform thread that runs the virtual threads of connections, and wakes those whose
 * sockets are ready. A round runs those that have waited or have little to do, then those
 * that have given way in the middle of much work, for some milliseconds at most; then the
 * loop asks the selector, by time while threads are runnable, and waits for it when none
 * is.
 * <p>
 * The loop's thread takes no lock that a virtual thread may hold while it waits, as
 * nobody could run the holder then: it alone registers, changes and cancels keys. It logs
 * nothing and calls no listener.
 */
final class EventLoop implements Runnable {

	/**
	 * What a loop runs: a virtual thread until it waits, or a request to the loop.
	 */
	interface Task {

		/**
		 * Runs on the thread of a loop.
		 */
		void run(EventLoop loop);

	}

	// Of the tasks that other threads have handed over, so many run in a round. Thousands
	// of new connections do not hold up the open ones
	private static final int MAX_TAKEN = 16;

	// Those that never wait run for so long, or one of them, then those that have waited
	private static final long MAX_PASS = TimeUnit.MILLISECONDS.toNanos(5);

	private static final long FIRST_BACK_OFF = TimeUnit.MILLISECONDS.toNanos(1);

	private static final int MAX_BACK_OFFS = 7;

	private static final VarHandle RUNNING;

	private static final VarHandle ROUNDS;

	private static final VarHandle EPOCH;

	static {
		try {
			MethodHandles.Lookup lookup = MethodHandles.lookup();
			RUNNING = lookup.findVarHandle(EventLoop.class, "running", Task.class);
			ROUNDS = lookup.findVarHandle(EventLoop.class, "rounds", long.class);
			EPOCH = lookup.findVarHandle(EventLoop.class, "epoch", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final LoopSelector selector;

	private final BiConsumer<Task, EventLoop> heirs;

	private final Thread thread;

	// Of the loop's thread: those that have waited, woken by the selector or handed over,
	// and those that have given way with little to do: all of them in one line, as else
	// the latter would wait behind more and more of the former
	private final ArrayDeque<Task> woken = new ArrayDeque<>();

	// Of the loop's thread: those that have given way with much to do
	private final ArrayDeque<Task> local = new ArrayDeque<>();

	private final Queue<Task> remote = new ConcurrentLinkedQueue<>();

	// Of the loop's thread: those that wait for more than their key tells the selector
	private final ArrayDeque<LoopThread> changed = new ArrayDeque<>();

	private boolean selecting;

	private boolean little;

	private final ConnectionList connections = new ConnectionList();

	private final AtomicInteger count = new AtomicInteger();

	private volatile boolean ending;

	private volatile boolean ended;

	// No lock, no fence: others look at it about once a second
	@SuppressWarnings("UnusedVariable") // Through its VarHandle
	private @Nullable Task running;

	@SuppressWarnings("UnusedVariable") // Through its VarHandle
	private long rounds;

	@SuppressWarnings("UnusedVariable") // Through its VarHandle
	private int epoch;

	private int backOffs;

	private volatile @Nullable Throwable failure;

	/**
	 * Creates a loop, not started.
	 * @param name of its thread
	 * @param heirs takes over what is handed to this loop after its end, and the loop
	 * @throws IOException if a selector cannot be opened
	 */
	EventLoop(String name, BiConsumer<Task, EventLoop> heirs) throws IOException {
		this(name, heirs, Selector.open());
	}

	EventLoop(String name, BiConsumer<Task, EventLoop> heirs, Selector selector) {
		this.selector = new LoopSelector(selector);
		this.heirs = heirs;
		this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this);
	}

	/**
	 * Starts the thread.
	 * @throws IOException if the selector of a thread that could not be started cannot be
	 * closed
	 */
	void start() throws IOException {
		try {
			this.thread.start();
		}
		catch (Throwable ex) {
			this.selector.close();
			throw ex;
		}
	}

	/**
	 * Has something run on this loop, or on another one if this one has ended. Any
	 * thread.
	 * @param task does not block
	 */
	void hand(Task task) {
		if (Thread.currentThread() == this.thread && !this.ended) {
			(this.selecting || this.little ? this.woken : this.local).add(task);
			this.little = false;
			return;
		}
		this.remote.add(task);
		wake();
		// Either the end of the loop sees the task, or this does
		if (this.ended) {
			forward(this.remote);
		}
	}

	/**
	 * Has the thread that runs, and gives way next, come round with those that have
	 * waited. On the loop's thread.
	 */
	void givesWayWithLittle() {
		this.little = true;
	}

	/**
	 * Lets the loop come round if it waits for the selector. Any thread.
	 */
	void wake() {
		this.selector.wake();
	}

	@Override
	public void run() {
		while (!this.ending) {
			try {
				if (this.backOffs > 0) {
					// As the selector may tell nothing, they look themselves
					this.connections.forEach(LoopThread::wakeAll);
				}
				runQueue();
				select();
				this.backOffs = 0;
			}
			catch (Throwable ex) {
				// Whatever fails, also for lack of memory: the loop lives on
				backOff(ex);
			}
		}
		end();
	}

	private void runQueue() throws IOException {
		Task next = this.remote.peek();
		for (int i = 0; i < MAX_TAKEN && next != null; i++, next = this.remote.peek()) {
			// Without memory the task stays where it is
			this.woken.add(next);
			this.remote.poll();
		}
		for (int i = this.woken.size(); i > 0; i--) {
			run(this.woken.remove());
		}
		long begin = System.nanoTime();
		for (int i = this.local.size(); i > 0; i--) {
			run(this.local.remove());
			if (System.nanoTime() - begin > MAX_PASS) {
				break;
			}
		}
		RUNNING.setOpaque(this, null);
	}

	private void run(Task task) throws IOException {
		RUNNING.setOpaque(this, task);
		this.little = false;
		try {
			task.run(this);
		}
		catch (Throwable ex) {
			this.failure = ex;
		}
		this.selector.letGo();
	}

	private void select() throws IOException {
		applyChanges();
		this.selecting = true;
		try {
			if (hasOthers()) {
				this.selector.selectIfDue();
			}
			else {
				this.selector.await(this::hasNothingToDo);
			}
		}
		finally {
			this.selecting = false;
		}
		ROUNDS.setOpaque(this, this.rounds + 1);
	}

	private boolean hasNothingToDo() {
		return this.remote.isEmpty() && !this.ending;
	}

	/**
	 * Whether others than the one that runs are runnable. On the loop's thread.
	 * @return as far as known without asking the selector
	 */
	boolean hasOthers() {
		return !this.woken.isEmpty() || !this.local.isEmpty() || !this.remote.isEmpty();
	}

	private void applyChanges() {
		for (LoopThread connection = this.changed.poll(); connection != null; connection = this.changed.poll()) {
			connection.updateKey(this);
		}
	}

	private void backOff(Throwable ex) {
		this.failure = ex;
		LockSupport.parkNanos(this, FIRST_BACK_OFF << this.backOffs);
		this.backOffs = Math.min(this.backOffs + 1, MAX_BACK_OFFS);
	}

	private void end() {
		this.ended = true;
		forward(this.woken);
		forward(this.local);
		forward(this.remote);
		this.connections.forEach(LoopThread::wakeAll);
		try {
			this.selector.close();
		}
		catch (IOException ex) {
			this.failure = ex;
		}
	}

	private void forward(Queue<Task> tasks) {
		for (Task task = tasks.poll(); task != null; task = tasks.poll()) {
			try {
				this.heirs.accept(task, this);
			}
			catch (Throwable ex) {
				// The others go on
				this.failure = ex;
			}
		}
	}

	/**
	 * Ends the loop. Any thread.
	 */
	void stop() {
		this.ending = true;
		wake();
	}

	boolean isEnding() {
		return this.ending;
	}

	boolean isEnded() {
		return this.ended;
	}

	/**
	 * Has a key brought up to date before the next select. On the loop's thread.
	 * @param connection whose key
	 */
	void updateLater(LoopThread connection) {
		if (this.ended) {
			connection.wakeAll();
		}
		else {
			this.changed.add(connection);
		}
	}

	LoopSelector selector() {
		return this.selector;
	}

	Thread thread() {
		return this.thread;
	}

	// The connections it runs. On the loop's thread
	ConnectionList connections() {
		return this.connections;
	}

	// How many connections were given to it and are not over. Any thread
	AtomicInteger count() {
		return this.count;
	}

	@Nullable Task running() {
		return (Task) RUNNING.getOpaque(this);
	}

	// Rises whenever the selector has been asked or was not due
	long rounds() {
		return (long) ROUNDS.getOpaque(this);
	}

	// The number of the second in which it runs now
	int epoch() {
		return (int) EPOCH.getOpaque(this);
	}

	void nextEpoch() {
		EPOCH.setOpaque(this, epoch() + 1);
	}

	// What failed since the last call
	@Nullable Throwable takeFailure() {
		Throwable last = this.failure;
		if (last != null) {
			this.failure = null;
		}
		return last;
	}

}
