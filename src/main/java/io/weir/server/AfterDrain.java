package io.weir.server;

import java.time.Duration;

/**
 * What is done when the last connection of a drain has ended.
 */
@FunctionalInterface
public interface AfterDrain {

	/**
	 * Nothing.
	 */
	AfterDrain NOTHING = (_) -> "";

	/**
	 * Finishes what the connections have left.
	 * @param atMost how long that may take
	 * @return what became of it, for the line that tells the end of the drain; empty if
	 * there is nothing to say
	 */
	String finish(Duration atMost);

}
