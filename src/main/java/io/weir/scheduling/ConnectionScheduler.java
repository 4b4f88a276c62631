package io.weir.scheduling;

import java.io.UncheckedIOException;
import java.nio.channels.SocketChannel;
import java.util.List;

/**
 * Makes the threads of connections, and decides where and when they run.
 */
public interface ConnectionScheduler {

	/**
	 * Opens all that needs a file descriptor, and initialises the JDK's classes that do,
	 * so that no later shortage of descriptors can do lasting damage.
	 * @throws UncheckedIOException if that failed, for instance without a free descriptor
	 */
	void start();

	/**
	 * Makes the thread of a connection. Makes no system call.
	 * @param name the thread's name, as thread dumps show it
	 * @param channel an accepted channel in blocking mode; the scheduler may change the
	 * mode when the thread has started
	 * @return not yet started
	 * @throws IllegalStateException if the scheduler is not started
	 */
	ConnectionThread newThread(String name, SocketChannel channel);

	/**
	 * Adapts the scheduler to the load, where the JDK and the kernel do not. Called about
	 * once a second, by one thread.
	 */
	default void adapt() {
	}

	/**
	 * The threads that have kept others of the same scheduler from running for at least 1
	 * s. Found to the second, as of the last calls of this method and of
	 * {@link #adapt()}.
	 * @return empty where the scheduler cannot tell
	 */
	default List<Stall> stalls() {
		return List.of();
	}

	/**
	 * Ends the scheduler's own threads and gives back its descriptors. Called when all
	 * connections are over. The channel of a connection that still waits is closed. The
	 * scheduler can be started again.
	 */
	void stop();

}
