package io.weir.records;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

import io.weir.api.UnpackedRecord;

/**
 * Lines on their way from the connections to the writer: one half is filled while the
 * other one is written. A thread that puts a record into a full half waits; a virtual
 * thread leaves its carrier to others meanwhile.
 */
final class RecordBuffer {

	/**
	 * When a half is full, in bytes. The last line may go beyond it.
	 */
	static final int HALF = 1 << 20;

	// So many bytes are worth a write
	private static final int BATCH = 64 << 10;

	// A line waits no longer for others to be written with it
	private static final long GATHER = TimeUnit.MILLISECONDS.toNanos(20);

	private final JsonEncoder encoder;

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition room = this.lock.newCondition();

	private final Condition lines = this.lock.newCondition();

	private Lines filling = new Lines();

	private Lines spare = new Lines();

	private boolean closed;

	private final AtomicLong accepted = new AtomicLong();

	RecordBuffer(JsonEncoder encoder) {
		this.encoder = encoder;
	}

	/**
	 * Adds a record's line, and waits while there is no room.
	 * @throws InterruptedException if the caller is interrupted while it waits; the
	 * record is not taken then
	 */
	void put(UnpackedRecord record) throws InterruptedException {
		this.lock.lock();
		try {
			while (this.filling.size() >= HALF) {
				this.room.await();
			}
			int before = this.filling.size();
			this.encoder.encode(record, this.filling);
			this.accepted.incrementAndGet();
			if (before == 0 || (before < BATCH && this.filling.size() >= BATCH)) {
				this.lines.signal();
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * How many records were put.
	 */
	long accepted() {
		return this.accepted.get();
	}

	/**
	 * Takes all lines that are there; waits for the first, and then a moment for more.
	 * One thread may call it; what it took before is used again.
	 * @return null once the buffer is closed and empty
	 */
	@Nullable Lines take() {
		this.lock.lock();
		try {
			while (this.filling.count() == 0 && !this.closed) {
				this.lines.awaitUninterruptibly();
			}
			gather();
			Lines taken = this.filling;
			if (taken.count() == 0) {
				return null;
			}
			this.spare.clear(HALF);
			this.filling = this.spare;
			this.spare = taken;
			this.room.signalAll();
			return taken;
		}
		finally {
			this.lock.unlock();
		}
	}

	private void gather() {
		try {
			long left = GATHER;
			while (left > 0 && this.filling.size() < BATCH && !this.closed) {
				left = this.lines.awaitNanos(left);
			}
		}
		catch (InterruptedException ex) {
			// Nobody has the writer's thread to interrupt it: it writes what is there
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Has nobody wait for more lines.
	 */
	void close() {
		this.lock.lock();
		try {
			this.closed = true;
			this.lines.signal();
		}
		finally {
			this.lock.unlock();
		}
	}

}
