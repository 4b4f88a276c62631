package io.weir.server;

import io.weir.scheduling.ConnectionScheduler;
import io.weir.scheduling.Schedulers;

/**
 * The kind of thread that a connection is served on.
 */
public enum ConnectionThreads {

	/**
	 * A virtual thread each, on event loops of Weir's own; where the JVM does not allow
	 * that, as {@link #VIRTUAL}.
	 */
	AUTO,

	/**
	 * A virtual thread each, on the JDK's own scheduler.
	 */
	VIRTUAL,

	/**
	 * A platform thread each.
	 */
	PLATFORM;

	/**
	 * Creates a scheduler of such threads, not started.
	 */
	public ConnectionScheduler scheduler() {
		return switch (this) {
			case AUTO -> Schedulers.auto();
			case VIRTUAL -> Schedulers.virtual();
			case PLATFORM -> Schedulers.platform();
		};
	}

}
