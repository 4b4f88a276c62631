package io.weir.scheduling;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs connections on event loops: on one as long as it has time to spare, as several
 * cost more CPU for the same work, and on more while they are busy and the machine has
 * processors to spare. Safe for any thread.
 */
final class EventLoopScheduler implements ConnectionScheduler {

	private static final long ROUND = TimeUnit.MILLISECONDS.toNanos(900);

	private static final long MAX_STOP = TimeUnit.SECONDS.toNanos(5);

	private static final Logger logger = LoggerFactory.getLogger(EventLoopScheduler.class);

	private final SchedulableThreads threads;

	private final LoopLoad load;

	private final int maxLoops;

	private final LoopBalance balance;

	// Copied when written, with the lock held
	private volatile List<LoopState> loops = List.of();

	private volatile boolean started;

	private boolean addFailed;

	private long lastRound;

	/**
	 * Creates a scheduler, not started, of at most one loop per processor.
	 * @param threads builds virtual threads that run on the loops
	 */
	EventLoopScheduler(SchedulableThreads threads) {
		this(threads, new CpuLoad(), Runtime.getRuntime().availableProcessors());
	}

	EventLoopScheduler(SchedulableThreads threads, LoopLoad load, int maxLoops) {
		this.threads = threads;
		this.load = load;
		this.maxLoops = maxLoops;
		this.balance = new LoopBalance(load);
	}

	@Override
	public synchronized void start() {
		if (this.started) {
			throw new IllegalStateException("Already started");
		}
		try {
			// A handler may use sockets of its own, which wait as the JDK lets them
			JdkPollers.initialize();
			this.loops = List.of(newLoop("tcp-loop-1"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.lastRound = System.nanoTime();
		this.started = true;
	}

	private LoopState newLoop(String name) throws IOException {
		EventLoop loop = new EventLoop(name, this::takeOver);
		loop.start();
		this.load.busy(loop);
		return new LoopState(loop);
	}

	// After the last loop's end, what a handler has started and left behind still runs to
	// its end, and a connection's thread sees a closed channel
	private void takeOver(EventLoop.Task task, EventLoop from) {
		List<LoopState> heirs = this.loops;
		if (this.started && !heirs.isEmpty() && heirs.getFirst().loop() != from) {
			heirs.getFirst().loop().hand(task);
		}
		else {
			ForkJoinPool.commonPool().execute(() -> task.run(from));
		}
	}

	@Override
	public ConnectionThread newThread(String name, SocketChannel channel) {
		List<LoopState> current = this.loops;
		if (!this.started || current.isEmpty()) {
			throw new IllegalStateException("Not started");
		}
		return new LoopThread(this.threads, name, channel, choose(current).loop());
	}

	// In turn, a busy loop less often. Not all go to the least busy one, as the figures
	// are up to 1 s old
	private static LoopState choose(List<LoopState> loops) {
		LoopState chosen = loops.getFirst();
		if (loops.size() > 1) {
			double highest = Double.NEGATIVE_INFINITY;
			double sum = 0;
			for (LoopState state : loops) {
				if (state.takesConnections()) {
					double turn = state.addTurn();
					sum += state.weight();
					if (turn > highest) {
						highest = turn;
						chosen = state;
					}
				}
			}
			chosen.takeTurn(sum);
		}
		return chosen;
	}

	@Override
	public synchronized void adapt() {
		long now = System.nanoTime();
		look(now);
		if (!this.started || now - this.lastRound < ROUND) {
			return;
		}
		this.lastRound = now;
		adaptNow(now);
	}

	/**
	 * Adapts now, however short the last time is ago.
	 */
	synchronized void adaptNow() {
		long now = System.nanoTime();
		look(now);
		adaptNow(now);
	}

	private void adaptNow(long now) {
		for (LoopState state : this.loops) {
			tellFailure(state);
			boolean stalled = state.isStalled(now);
			// A thread that cannot let go of the loop's thread, for lack of memory, below
			// native code or in a class initializer, blocks the loop while it waits: then
			// nobody asks the selector for it. Once it is found, it looks for itself
			if (stalled && state.loop().running() instanceof LoopThread connection) {
				connection.foundPinned();
			}
			state.update(stalled ? 1 : this.load.busy(state.loop()), stalled);
			state.loop().nextEpoch();
		}
		if (this.balance.wantsMore(this.loops, this.maxLoops)) {
			addLoop();
		}
		this.balance.adapt(this.loops);
		endRetired();
	}

	private void look(long now) {
		this.loops.forEach((state) -> state.look(now));
	}

	private static void tellFailure(LoopState state) {
		Throwable failure = state.firstFailure();
		if (failure != null) {
			logger.warn("Event loop {} failed and goes on (logged once for each loop)", state.loop().thread().getName(),
					failure);
		}
	}

	private void addLoop() {
		LoopState revived = this.loops.stream().filter(LoopState::isRetiring).findFirst().orElse(null);
		if (revived != null) {
			revived.retire(false);
			return;
		}
		try {
			this.loops = Stream.concat(this.loops.stream(), Stream.of(newLoop(freeName()))).toList();
			this.addFailed = false;
		}
		catch (IOException | OutOfMemoryError ex) {
			if (!this.addFailed) {
				logger.warn("Connections share {} event loops, although they are busy: no further one can be started",
						this.loops.size(), ex);
			}
			this.addFailed = true;
		}
	}

	private String freeName() {
		List<String> names = this.loops.stream().map((state) -> state.loop().thread().getName()).toList();
		int number = 1;
		while (names.contains("tcp-loop-" + number)) {
			number++;
		}
		return "tcp-loop-" + number;
	}

	private void endRetired() {
		List<LoopState> over = this.loops.stream()
			.filter((state) -> state.isRetiring() && state.loop().count().get() == 0)
			.toList();
		// First nobody chooses it any more
		this.loops = this.loops.stream().filter((state) -> !over.contains(state)).toList();
		over.forEach((state) -> state.loop().stop());
	}

	@Override
	public synchronized List<Stall> stalls() {
		long now = System.nanoTime();
		look(now);
		return this.loops.stream().map((state) -> state.stall(now)).filter(Objects::nonNull).toList();
	}

	/**
	 * All loops, those that are about to end included.
	 */
	List<LoopState> states() {
		return this.loops;
	}

	@Override
	public synchronized void stop() {
		List<LoopState> ending = this.loops;
		this.started = false;
		this.loops = List.of();
		ending.forEach((state) -> state.loop().stop());
		// A handler that blocks a loop holds up the end of that loop, not of the server
		long begin = System.nanoTime();
		boolean interrupted = false;
		for (LoopState state : ending) {
			while (state.loop().thread().isAlive() && System.nanoTime() - begin < MAX_STOP) {
				interrupted |= Thread.interrupted();
				LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(200));
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

}
