package io.weir.scheduling;

/**
 * A daemon platform thread. The kernel lets others go first.
 */
final class PlatformConnectionThread extends BlockingConnectionThread {

	/**
	 * Creates a thread, not started.
	 * @param name the thread's name
	 */
	PlatformConnectionThread(String name) {
		super(Thread.ofPlatform().daemon().name(name));
	}

	@Override
	public boolean beforeRead(boolean lastReadFilledItsBuffer) {
		// The kernel decides who is next
		return false;
	}

	@Override
	public void giveWay() {
		// The kernel decides who is next
	}

}
