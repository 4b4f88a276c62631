package io.weir.scheduling;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * The threads that wait for one socket, and the key of the selector that wakes them. The
 * threads announce themselves; the key is of the loop's thread alone.
 */
final class LoopKey {

	static final int READ = SelectionKey.OP_READ;

	static final int WRITE = SelectionKey.OP_WRITE;

	private final SocketChannel channel;

	private volatile @Nullable Thread reader;

	private volatile @Nullable Thread writer;

	private @Nullable SelectionKey key;

	private int interest;

	LoopKey(SocketChannel channel) {
		this.channel = channel;
	}

	/**
	 * Announces who waits. Any thread.
	 * @param operation to read or to write
	 * @param waiter null when it waits no more
	 */
	void setWaiter(int operation, @Nullable Thread waiter) {
		if (operation == READ) {
			this.reader = waiter;
		}
		else {
			this.writer = waiter;
		}
	}

	@Nullable Thread waiter(int operation) {
		return (operation == READ) ? this.reader : this.writer;
	}

	/**
	 * Wakes those that wait, to look again. Any thread.
	 */
	void wakeAll() {
		LockSupport.unpark(this.reader);
		LockSupport.unpark(this.writer);
	}

	/**
	 * Whether the selector looks for this. On the loop's thread.
	 */
	boolean isWatched(int operation) {
		return (this.interest & operation) != 0;
	}

	/**
	 * Tells the selector what the threads wait for. On the loop's thread.
	 * @param selector of the loop
	 */
	void update(Selector selector) {
		try {
			int wanted = this.interest | ((this.reader != null) ? READ : 0) | ((this.writer != null) ? WRITE : 0);
			SelectionKey current = this.key;
			if (current == null) {
				this.key = this.channel.register(selector, wanted, this);
			}
			else if (wanted != this.interest) {
				current.interestOps(wanted);
			}
			this.interest = wanted;
		}
		catch (IOException | RuntimeException ex) {
			// Closed meanwhile, or out of descriptors or memory of the kernel
			wakeAll();
		}
		catch (Error ex) {
			wakeAll();
			throw ex;
		}
	}

	/**
	 * Wakes those whom a key tells that the socket is ready. On the loop's thread.
	 * @param fired of this socket
	 * @param alone whether nothing is runnable: a key that fires for nobody would keep
	 * the selector from waiting
	 */
	@SuppressWarnings("ReferenceEquality") // A key has no other identity
	void ready(SelectionKey fired, boolean alone) {
		if (fired != this.key || !fired.isValid()) {
			return;
		}
		int ops = fired.readyOps();
		int left = this.interest;
		if ((ops & READ) != 0 && !wake(READ) && alone) {
			left &= ~READ;
		}
		if ((ops & WRITE) != 0) {
			// A socket takes bytes most of the time: nobody wants to know that for long
			left &= ~WRITE;
			wake(WRITE);
		}
		if (left != this.interest) {
			this.interest = left;
			fired.interestOps(left);
		}
	}

	private boolean wake(int operation) {
		Thread waiting = waiter(operation);
		if (waiting == null) {
			return false;
		}
		setWaiter(operation, null);
		LockSupport.unpark(waiting);
		return true;
	}

	/**
	 * Forgets the key, as the socket goes to another selector.
	 * @return to be cancelled; null if there is none
	 */
	@Nullable SelectionKey forget() {
		SelectionKey old = this.key;
		this.key = null;
		this.interest = 0;
		return old;
	}

}
