package io.weir.records;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

import io.weir.api.RecordSink;
import io.weir.api.UnpackedRecord;

/**
 * Writes records as lines of JSON, on a thread of its own. A failed write is repeated
 * until it succeeds, from the byte where it stopped.
 */
final class RecordWriter implements RecordSink, AutoCloseable {

	private static final long RETRY = TimeUnit.MILLISECONDS.toNanos(100);

	private static final long POLL = TimeUnit.MILLISECONDS.toNanos(1);

	// A write that takes longer is blocked
	private static final long BLOCKED = TimeUnit.SECONDS.toNanos(1);

	// A write that is aborted returns as soon as its thread runs
	private static final Duration ABORT_TIME = Duration.ofMillis(500);

	private final RecordOutput output;

	private final RecordBuffer buffer;

	private final Thread thread;

	// Guards the counts, for its thread and one that gives up
	private final Object lock = new Object();

	private volatile long written;

	private volatile long givenUp;

	private volatile boolean givingUp;

	// 0 while no write is under way
	private volatile long writeBegan;

	// The first failure since the last success
	private volatile @Nullable Failure failure;

	/**
	 * Creates a writer and starts its thread.
	 * @param encoder makes the lines
	 * @param output where they go
	 */
	RecordWriter(JsonEncoder encoder, RecordOutput output) {
		this.output = output;
		this.buffer = new RecordBuffer(encoder);
		this.thread = Thread.ofPlatform().name("weir-records").daemon().start(this::run);
	}

	RecordOutput output() {
		return this.output;
	}

	@Override
	public void accept(UnpackedRecord record) throws IOException {
		try {
			this.buffer.put(record);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptedIOException("interrupted while the record waited to be written");
		}
	}

	private void run() {
		for (Lines lines = this.buffer.take(); lines != null; lines = this.buffer.take()) {
			int position = 0;
			while (position < lines.size() && !this.givingUp) {
				position += write(lines, position);
			}
			settle(lines.count(position, lines.size()), false);
		}
		this.output.abort();
	}

	private int write(Lines lines, int from) {
		this.writeBegan = now();
		try {
			int count = this.output.write(lines.bytes(), from, lines.size());
			if (count == 0) {
				pause(new IOException("takes nothing now"));
				return 0;
			}
			this.failure = null;
			if (count > 0) {
				settle((count == lines.size()) ? lines.count() : lines.count(from, from + count), true);
			}
			return count;
		}
		// Whatever fails, also for lack of memory, is tried again
		catch (IOException | RuntimeException | Error ex) {
			pause(ex);
			return 0;
		}
		finally {
			this.writeBegan = 0;
		}
	}

	private static long now() {
		long now = System.nanoTime();
		return (now != 0) ? now : 1;
	}

	private void pause(Throwable cause) {
		if (this.failure == null) {
			this.failure = new Failure(reason(cause), System.nanoTime());
		}
		if (!this.givingUp) {
			LockSupport.parkNanos(this, RETRY);
		}
	}

	private static String reason(Throwable cause) {
		return switch (cause) {
			case NoSuchFileException missing -> missing.getFile() + " does not exist, or its folder does not";
			case AccessDeniedException denied -> denied.getFile() + " may not be written";
			case FileSystemException other when other.getReason() != null -> other.getReason();
			case IOException plain when plain.getClass() == IOException.class && plain.getMessage() != null ->
				plain.getMessage();
			default -> cause.toString();
		};
	}

	private void settle(long lines, boolean asWritten) {
		synchronized (this.lock) {
			// What was given up while the write could not be ended is counted already
			long count = Math.min(lines, pending());
			if (asWritten) {
				this.written += count;
			}
			else {
				this.givenUp += count;
			}
		}
	}

	private long pending() {
		return this.buffer.accepted() - this.written - this.givenUp;
	}

	/**
	 * How many lines the output has taken.
	 */
	long written() {
		return this.written;
	}

	/**
	 * How many lines were given up.
	 */
	long givenUp() {
		return this.givenUp;
	}

	/**
	 * Why nothing can be written now; null if something can.
	 */
	@Nullable WriteFault fault() {
		long now = System.nanoTime();
		Failure failed = this.failure;
		if (failed != null) {
			return new WriteFault(this.output.text(), failed.reason, Duration.ofNanos(now - failed.since));
		}
		long began = this.writeBegan;
		return (began != 0 && now - began > BLOCKED)
				? new WriteFault(this.output.text(), "a write is blocked", Duration.ofNanos(now - began)) : null;
	}

	/**
	 * Waits until all records that were accepted are written.
	 * @param atMost for so long
	 * @throws IOException if some are not
	 */
	@Override
	public void flush(Duration atMost) throws IOException {
		if (!awaitSettled(atMost)) {
			throw new IOException(pending() + " records are not written");
		}
	}

	private boolean awaitSettled(Duration atMost) {
		long begin = System.nanoTime();
		while (pending() > 0) {
			if (System.nanoTime() - begin >= atMost.toNanos() || Thread.currentThread().isInterrupted()) {
				return false;
			}
			LockSupport.parkNanos(this, POLL);
		}
		return true;
	}

	/**
	 * Gives up what is not written yet. Records that come later are written again.
	 */
	void giveUp() {
		this.givingUp = true;
		LockSupport.unpark(this.thread);
		this.output.abort();
		if (!awaitSettled(ABORT_TIME)) {
			// It waits for the reader of a FIFO, for instance
			settle(Long.MAX_VALUE, false);
		}
		this.givingUp = false;
	}

	/**
	 * Ends the thread when all is written.
	 */
	@Override
	public void close() {
		this.buffer.close();
	}

	/**
	 * A failure.
	 *
	 * @param reason its text
	 * @param since {@link System#nanoTime()}
	 */
	private record Failure(String reason, long since) {
	}

}
