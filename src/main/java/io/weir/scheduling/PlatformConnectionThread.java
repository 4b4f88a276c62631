package io.weir.scheduling;

/**
 * A daemon platform thread. The kernel decides who is next, and lets a thread that never
 * waits run for some milliseconds at once: behind some dozens of them newcomers would
 * wait for their sum, more than once. So a thread that never waits gives the rest of its
 * time away.
 */
final class PlatformConnectionThread extends BlockingConnectionThread {

	PlatformConnectionThread(String name) {
		super(Thread.ofPlatform().daemon().name(name));
	}

	@Override
	@SuppressWarnings("ThreadPriorityCheck") // sched_yield(2)
	void worked(boolean much) {
		if (much) {
			Thread.yield();
		}
	}

}
