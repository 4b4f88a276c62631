package io.weir.scheduling;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A virtual thread of the JDK's scheduler that yields without starving others. The JDK
 * puts a thread that yields back into the queue of its carrier. The carrier looks at
 * other queues, those of new and of woken threads, only when its own is empty, which it
 * never is while some thread there always finds bytes. So a thread that has not waited
 * for long parks for a moment, and comes back through a queue of woken threads, like the
 * others.
 */
final class VirtualConnectionThread extends BlockingConnectionThread {

	// A park costs some 7 us, twenty times as much as a yield. With the work below it is
	// paid for in less than 1 of 64 exchanges, or once in 5 ms of a stream
	private static final long MAX_WITHOUT_PARK = TimeUnit.MILLISECONDS.toNanos(5);

	// As roughly as the work is counted
	private long lastPark;

	VirtualConnectionThread(String name) {
		super(Thread.ofVirtual().name(name));
	}

	@Override
	@SuppressWarnings("ThreadPriorityCheck") // A virtual thread keeps its carrier else
	void worked(boolean much) {
		long now = much ? System.nanoTime() : this.lastPark;
		if (now - this.lastPark >= MAX_WITHOUT_PARK) {
			this.lastPark = now;
			LockSupport.parkNanos(this, 1);
		}
		else {
			Thread.yield();
		}
	}

}
