package io.weir.scheduling;

import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * A thread whose reads and writes block, so that nothing of a {@link SocketWaiter} has to
 * wait.
 */
abstract class BlockingConnectionThread implements ConnectionThread {

	private final Thread.Builder builder;

	private volatile @Nullable Thread thread;

	/**
	 * Creates a thread, not started.
	 * @param builder with the thread's name
	 */
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
