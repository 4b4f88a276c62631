package io.weir.scheduling;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A virtual thread of the JDK's scheduler that yields without starving others. The JDK
 * puts a thread that yields back into the queue of its carrier. The carrier looks at
 * other queues, those of new and of woken threads, only when its own is empty: beside
 * threads that always find bytes it never is. So a thread that has not waited for long
 * parks for a moment, and comes back through a queue of woken threads, like the others.
 */
final class VirtualConnectionThread extends BlockingConnectionThread {

	// A park costs some 7 us, twenty times as much as a yield. With the work below it is
	// paid for in less than 1 of 64 exchanges, or once in 5 ms of a stream
	private static final long MAX_WITHOUT_PARK = TimeUnit.MILLISECONDS.toNanos(5);

	private static final int WORK_BEFORE_PARK = 64;

	// A read that filled its buffer did not wait. One that did not may have: the JDK does
	// not tell
	private static final int WORK_OF_FULL_READ = 8;

	private static final int WORK_OF_READ = 1;

	// Of the thread itself
	private int work;

	private long lastPark;

	/**
	 * Creates a thread, not started.
	 * @param name the thread's name
	 */
	VirtualConnectionThread(String name) {
		super(Thread.ofVirtual().name(name));
	}

	@Override
	public boolean beforeRead(boolean lastReadFilledItsBuffer) {
		if (isOwnThread()) {
			giveWay(lastReadFilledItsBuffer ? WORK_OF_FULL_READ : WORK_OF_READ);
		}
		return false;
	}

	@Override
	@SuppressWarnings("ThreadPriorityCheck") // Of another scheduler, or of the kernel
	public void giveWay() {
		if (isOwnThread()) {
			giveWay(WORK_OF_FULL_READ);
		}
		else {
			Thread.yield();
		}
	}

	@SuppressWarnings("ThreadPriorityCheck") // A virtual thread keeps its carrier else
	private void giveWay(int more) {
		this.work += more;
		if (this.work >= WORK_BEFORE_PARK) {
			long now = System.nanoTime();
			if (now - this.lastPark >= MAX_WITHOUT_PARK) {
				this.work = 0;
				this.lastPark = now;
				LockSupport.parkNanos(this, 1);
				return;
			}
		}
		Thread.yield();
	}

}
