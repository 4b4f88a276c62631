package io.weir.connection;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.sun.management.OperatingSystemMXBean;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses how many carrier threads run the connections' virtual threads: one as long as
 * it has time to spare, as several wake each other up and steal each other's work, which
 * costs more CPU for the same exchanges; more while they are busy and the machine has
 * processors to spare. The number is the whole JVM's, so it is the JDK's own before the
 * {@linkplain #begin beginning} and after the {@linkplain #end end}. Safe for any thread.
 */
final class CarrierThreads {

	// How a carrier is called, by the JDK's scheduler and not by its documentation
	private static final String NAME = "ForkJoinPool-1-worker-";

	// So many rounds with carriers none of which is seen: they are called otherwise
	private static final int MOST_BLIND_ROUNDS = 2;

	private static final long ROUND = TimeUnit.SECONDS.toNanos(1);

	// Of the time of all carriers there are
	private static final double BUSY = 0.9;

	// Of the time of one carrier less than there are
	private static final double IDLE = 0.6;

	// Of the time of all carriers: with work queued they can't get on
	private static final double STUCK = 0.1;

	// For so long one that was stuck is taken to be so still, and no carrier is given up:
	// with nothing queued it looks like an idle one
	private static final long STUCK_TIME = TimeUnit.MINUTES.toNanos(1);

	private static final int MOST_STARTERS = 4;

	// Processors; with less to spare one more carrier takes as much as it gives
	private static final double SPARE = 0.5;

	private static final Logger logger = LoggerFactory.getLogger(CarrierThreads.class);

	private final VirtualThreadSchedulerMXBean scheduler = ManagementFactory
		.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);

	private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

	private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

	private final int processors = Runtime.getRuntime().availableProcessors();

	// An operator's choice is left alone
	private final boolean chosen = System.getProperty("jdk.virtualThreadScheduler.parallelism") != null;

	private final String name;

	private boolean adapting;

	private int blindRounds;

	private boolean wasBusy;

	private boolean mayHaveBeenStuck;

	private Map<Long, Long> lastNanos = Map.of();

	private long lastTime;

	private long stuckUntil;

	private volatile int count;

	/**
	 * Leaves the carriers as they are.
	 */
	CarrierThreads() {
		this(NAME);
	}

	/**
	 * Leaves the carriers as they are.
	 * @param name how the name of each begins
	 */
	CarrierThreads(String name) {
		this.name = name;
		this.count = this.scheduler.getParallelism();
	}

	/**
	 * Begins with one carrier, unless the operator has chosen.
	 */
	synchronized void begin() {
		if (!this.chosen && this.processors > 1) {
			this.adapting = true;
			this.blindRounds = 0;
			this.lastTime = System.nanoTime();
			this.stuckUntil = this.lastTime;
			// What carriers did before is none of the first round's
			carrierNanos();
			set(1);
		}
	}

	/**
	 * Goes back to as many as the JDK has by itself.
	 */
	synchronized void end() {
		if (this.adapting) {
			this.adapting = false;
			set(this.processors);
		}
	}

	/**
	 * Whether there is only one.
	 * @return as of the last adaptation
	 */
	boolean isOne() {
		return this.count == 1;
	}

	/**
	 * Looks how busy the carriers were, once a second at the most, and adapts their
	 * number.
	 */
	synchronized void adapt() {
		long now = System.nanoTime();
		long elapsed = now - this.lastTime;
		if (this.adapting && elapsed >= ROUND) {
			this.lastTime = now;
			double busy = (double) carrierNanos() / elapsed;
			if (isBlind()) {
				logger.info("No thread is called {}...: the number of carrier threads is left to the JDK", this.name);
				end();
				return;
			}
			int next = next(this.count, busy, spare(busy), this.processors);
			boolean mayBeStuck = busy < STUCK * this.count && this.scheduler.getQueuedVirtualThreadCount() > 0;
			boolean stuck = mayBeStuck && this.mayHaveBeenStuck;
			this.mayHaveBeenStuck = mayBeStuck;
			if (stuck) {
				// One waits in a system call, say for a log that nobody reads. Seen once,
				// it may as well be work that comes after an idle second
				next = Math.min(this.count + 1, this.processors);
				this.stuckUntil = now + STUCK_TIME;
			}
			else if (next < this.count && now - this.stuckUntil < 0) {
				next = this.count;
			}
			if (next != this.count) {
				logger.debug("{} carrier threads were busy for {} of the time: {} from now on", this.count, busy, next);
				set(next);
			}
			startIdleOnes();
		}
	}

	/**
	 * How many carriers there should be.
	 * @param count how many there are
	 * @param busy processors that they took on average
	 * @param spare processors that nobody took
	 * @param most how many there may be
	 * @return at least 1; twice as many at the most, or one less
	 */
	static int next(int count, double busy, double spare, int most) {
		if (busy > BUSY * count && spare > SPARE) {
			return Math.min(2 * count, most);
		}
		return (busy < IDLE * (count - 1)) ? Math.max(1, count - 1) : count;
	}

	// The load is that since it was asked for last: so it counts from the second busy
	// round on
	private double spare(double busy) {
		boolean isBusy = busy > BUSY * this.count;
		double spare = isBusy ? (1 - this.system.getCpuLoad()) * this.processors : 0;
		boolean counts = this.wasBusy;
		this.wasBusy = isBusy;
		return counts ? spare : 0;
	}

	// A higher number starts no carrier, nor does a task behind others in its queue: with
	// the only carrier stuck, all would go on waiting. A thread of its own has a queue of
	// its own, but for chance
	private void startIdleOnes() {
		for (int i = 0; i < MOST_STARTERS && this.scheduler.getQueuedVirtualThreadCount() > 0
				&& this.scheduler.getMountedVirtualThreadCount() < this.count && this.count > 1; i++) {
			Thread.ofPlatform().daemon().start(() -> Thread.startVirtualThread(() -> {
			}));
		}
	}

	// What can't be seen would look idle for ever, and all connections share one
	// processor
	private boolean isBlind() {
		boolean seen = !this.lastNanos.isEmpty() || this.scheduler.getPoolSize() <= 0;
		this.blindRounds = seen ? 0 : this.blindRounds + 1;
		return this.blindRounds >= MOST_BLIND_ROUNDS;
	}

	// CPU time of the carriers since the last call
	private long carrierNanos() {
		Map<Long, Long> nanos = new HashMap<>();
		long sum = 0;
		for (ThreadInfo thread : this.threads.getThreadInfo(this.threads.getAllThreadIds())) {
			if (thread != null && thread.getThreadName().startsWith(this.name)) {
				long total = this.threads.getThreadCpuTime(thread.getThreadId());
				// -1 if it has ended meanwhile
				if (total >= 0) {
					nanos.put(thread.getThreadId(), total);
					sum += Math.max(0, total - this.lastNanos.getOrDefault(thread.getThreadId(), 0L));
				}
			}
		}
		this.lastNanos = nanos;
		return sum;
	}

	private void set(int count) {
		this.scheduler.setParallelism(count);
		this.count = count;
	}

}
