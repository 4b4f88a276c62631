package io.weir.scheduling;

/**
 * The thread of one connection.
 */
public interface ConnectionThread extends SocketWaiter {

	/**
	 * Starts the thread. Called once. What the task throws goes to the thread's uncaught
	 * exception handler.
	 * @param task what the thread runs
	 * @throws OutOfMemoryError as {@link Thread#start()} does, and whatever else it
	 * throws; the task does not run then
	 */
	void start(Runnable task);

	/**
	 * Interrupts the thread, as {@link Thread#interrupt()} does. Has no effect before the
	 * start.
	 */
	void interrupt();

	/**
	 * Whether the caller is this thread.
	 * @return {@code false} before the start, too
	 */
	boolean isOwnThread();

}
