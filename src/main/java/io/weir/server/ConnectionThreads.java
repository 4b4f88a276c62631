package io.weir.server;

import java.util.Locale;

/**
 * The kind of thread that a connection is served on.
 */
public enum ConnectionThreads {

	/**
	 * A virtual thread each; while only one or two connections are active, these move to
	 * platform threads.
	 */
	AUTO,

	/**
	 * A virtual thread each.
	 */
	VIRTUAL,

	/**
	 * A platform thread each.
	 */
	PLATFORM;

	Thread unstarted(String name, Runnable task) {
		return switch (this) {
			case AUTO, VIRTUAL -> Thread.ofVirtual().name(name).unstarted(task);
			case PLATFORM -> Thread.ofPlatform().name(name).daemon().unstarted(task);
		};
	}

	/**
	 * The name as in the configuration.
	 * @return for instance {@code auto}
	 */
	public String text() {
		return name().toLowerCase(Locale.ROOT);
	}

}
