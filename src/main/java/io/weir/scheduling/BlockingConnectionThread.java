package io.weir.scheduling;

import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * A thread whose reads and writes block, so that nothing of a {@link SocketWaiter} has to
 * wait.
 */
abstract class BlockingConnectionThread implements ConnectionThread {

	// Of work without a certain wait. A read that filled its buffer did not wait. One
	// that did not may have: the JDK does not tell
	private static final int MUCH_WORK = 64;

	private static final int WORK_OF_FULL_READ = 8;

	private static final int WORK_OF_READ = 1;

	private final Thread.Builder builder;

	// Of the thread that reads and the one that writes, most often the same: what they do
	// is counted roughly where they are two
	private int work;

	private volatile @Nullable Thread thread;

	BlockingConnectionThread(Thread.Builder builder) {
		this.builder = builder;
	}

	@Override
	public final void start(Runnable task) {
		Thread unstarted = this.builder.unstarted(task);
		this.thread = unstarted;
		unstarted.start();
	}

	@Override
	public final void interrupt() {
		Thread started = this.thread;
		if (started != null) {
			started.interrupt();
		}
	}

	@Override
	public final boolean isOwnThread() {
		return Thread.currentThread() == this.thread;
	}

	@Override
	public final boolean beforeRead(boolean lastReadFilledItsBuffer) {
		work(lastReadFilledItsBuffer ? WORK_OF_FULL_READ : WORK_OF_READ);
		return false;
	}

	@Override
	public final void giveWay() {
		work(WORK_OF_FULL_READ);
	}

	private void work(int more) {
		this.work += more;
		boolean much = this.work >= MUCH_WORK;
		if (much) {
			this.work = 0;
		}
		worked(much);
	}

	/**
	 * Lets others go first where that is worth its price.
	 * @param much whether the caller has not waited for sure since much work was done
	 */
	abstract void worked(boolean much);

	@Override
	public final void awaitReadable() {
		// The read has
	}

	@Override
	public final void awaitWritable() {
		// The write has
	}

	@Override
	public final void channelClosed() {
		// The channel itself wakes those that read and write
		LockSupport.unpark(this.thread);
	}

}
