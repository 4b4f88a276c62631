package io.weir.monitor;

import java.util.OptionalLong;

/**
 * What is known of a listening socket's queue.
 *
 * @param length connections that wait to be accepted
 * @param limit the backlog that is in force; the queue holds one more
 * @param overflows packets of newcomers that found the queue full, since this process
 * exists; empty where the kernel does not say
 * @param drops packets that the listening socket dropped for any reason, since this
 * process exists; empty where the kernel does not say
 */
public record AcceptQueue(long length, OptionalLong limit, OptionalLong overflows, OptionalLong drops) {

	/**
	 * Whether the kernel drops the next newcomer: it takes one more than the limit.
	 */
	boolean isFull() {
		return this.limit.isPresent() && this.length > this.limit.getAsLong();
	}

}
