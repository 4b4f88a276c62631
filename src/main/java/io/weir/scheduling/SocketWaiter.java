package io.weir.scheduling;

import java.io.IOException;

/**
 * How the bytes of a connection wait for the socket. Knows threads and selectors, so that
 * a transport need not. At most one thread reads and one thread writes at a time.
 */
public interface SocketWaiter {

	/**
	 * Called before each read by the thread that reads. Lets other threads go first if
	 * some are runnable.
	 * @param lastReadFilledItsBuffer whether the last read left no room in its buffer, so
	 * that more bytes are likely to be there
	 * @return whether a read would find nothing, most likely: the caller does better to
	 * {@linkplain #awaitReadable() wait} at once
	 */
	boolean beforeRead(boolean lastReadFilledItsBuffer);

	/**
	 * Waits until the socket has bytes, has ended, has failed or is closed. Called after
	 * a read returned 0, by any thread. May return too early: the caller reads again.
	 * @throws java.nio.channels.ClosedByInterruptException if the thread is interrupted;
	 * the channel is closed then
	 * @throws IOException if waiting is impossible; the channel is closed then
	 */
	void awaitReadable() throws IOException;

	/**
	 * Waits until the socket takes bytes, has failed or is closed. Called after a write
	 * returned 0, by any thread. May return too early: the caller writes again.
	 * @throws java.nio.channels.ClosedByInterruptException if the thread is interrupted;
	 * the channel is closed then
	 * @throws IOException if waiting is impossible; the channel is closed then
	 */
	void awaitWritable() throws IOException;

	/**
	 * Lets other threads of the same scheduler go first. Called after a bounded amount of
	 * work without a wait. Costs some 25 ns if no other thread is runnable. Any thread
	 * may call this.
	 */
	void giveWay();

	/**
	 * Called after the channel was closed, by the thread that closed it, which may be any
	 * thread. Threads that wait return, the connection's own thread is unparked wherever
	 * it waits, and the file descriptor is released soon.
	 */
	void channelClosed();

}
