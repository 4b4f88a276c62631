package io.weir.connection;

import io.weir.scheduling.ConnectionThread;

/**
 * Interrupts a connection's thread while its handler has it, and at no other time. Safe
 * for any thread.
 */
final class HandlerInterrupt {

	private final ConnectionThread thread;

	// Guarded by this
	private boolean handling;

	private volatile boolean sent;

	HandlerInterrupt(ConnectionThread thread) {
		this.thread = thread;
	}

	synchronized void handlerBegins() {
		this.handling = true;
	}

	// No interrupt meant for the handler gets to what comes after it
	synchronized void handlerEnds() {
		this.handling = false;
		Thread.interrupted();
	}

	/**
	 * Interrupts the handler, unless that is who calls.
	 */
	synchronized void send() {
		if (this.handling && !this.thread.isOwnThread()) {
			this.sent = true;
			this.thread.interrupt();
		}
	}

	/**
	 * Whether the handler was interrupted.
	 */
	boolean isSent() {
		return this.sent;
	}

}
