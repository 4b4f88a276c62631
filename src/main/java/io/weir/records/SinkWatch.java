package io.weir.records;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

import org.jspecify.annotations.Nullable;

import io.weir.api.RecordSink;
import io.weir.api.UnpackedRecord;

/**
 * Gives records to a sink of the user's, and notices when it takes none. Safe for any
 * thread.
 */
final class SinkWatch implements RecordSink {

	// So long a sink may take no record
	private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

	private final RecordSink sink;

	private final LongAdder entered = new LongAdder();

	private final LongAdder taken = new LongAdder();

	private final LongAdder thrown = new LongAdder();

	// What the last look saw, guarded by this
	private long lastTaken;

	private long lastThrown;

	private long lastWaiting;

	private long since;

	SinkWatch(RecordSink sink) {
		this.sink = sink;
	}

	/**
	 * The sink's class.
	 */
	Class<?> type() {
		return this.sink.getClass();
	}

	@Override
	public void accept(UnpackedRecord record) throws IOException {
		this.entered.increment();
		LongAdder left = this.thrown;
		try {
			this.sink.accept(record);
			left = this.taken;
		}
		finally {
			left.increment();
		}
	}

	@Override
	public void flush(Duration atMost) throws IOException {
		this.sink.flush(atMost);
	}

	/**
	 * Looks whether it takes records.
	 * @param now {@link System#nanoTime()}
	 * @return null if it does, or has had less than 10 s for it since a look saw a
	 * connection wait in it
	 */
	synchronized @Nullable WriteFault fault(long now) {
		// In this order, so that no record leaves before it has entered
		long taken = this.taken.sum();
		long thrown = this.thrown.sum();
		long waiting = this.entered.sum() - taken - thrown;
		// A cut connection is no progress while another one of the last look still waits
		boolean stands = taken == this.lastTaken && thrown - this.lastThrown < this.lastWaiting;
		this.lastTaken = taken;
		this.lastThrown = thrown;
		this.lastWaiting = waiting;
		if (!stands) {
			this.since = now;
		}
		if (waiting == 0 || now - this.since < PATIENCE) {
			return null;
		}
		return new WriteFault("the sink " + type().getName(),
				(waiting == 1) ? "1 connection waits in it" : waiting + " connections wait in it",
				Duration.ofNanos(now - this.since));
	}

}
