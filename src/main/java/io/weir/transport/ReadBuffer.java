package io.weir.transport;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of one connection that have come and are not served yet. Its memory follows
 * them: none while it is empty and waits, little while little comes at once, much while
 * much does. So thousands of idle connections cost little memory, and bulk data few
 * system calls. Used by the connection's thread alone.
 */
public final class ReadBuffer implements AutoCloseable {

	private static final ByteBuffer NONE = ByteBuffer.allocate(0);

	private final BufferPool pool;

	private ByteBuffer buffer = NONE;

	// How many bytes the last read brought
	private int lastCount;

	public ReadBuffer(BufferPool pool) {
		this.pool = pool;
	}

	/**
	 * What has come and is not served yet, from position to limit. The code that serves
	 * bytes moves the position on.
	 */
	public ByteBuffer bytes() {
		return this.buffer;
	}

	/**
	 * Whether the last read left no room, so that more may wait in the kernel.
	 */
	public boolean isFull() {
		return this.buffer.limit() == this.buffer.capacity();
	}

	/**
	 * Takes everything that has come for served.
	 */
	public void clear() {
		this.buffer.position(this.buffer.limit());
	}

	/**
	 * Has a source append to what is there.
	 * @param source reads once
	 * @return what the source returned
	 * @throws IOException if the source throws it
	 */
	public int fill(Source source) throws IOException {
		ByteBuffer target = fitting();
		if (target.position() > 0) {
			target.compact();
		}
		else {
			// Also copies what is where it belongs
			target.position(target.limit()).limit(target.capacity());
		}
		try {
			int count = source.read(target);
			this.lastCount = (count != 0) ? count : this.lastCount;
			return count;
		}
		finally {
			target.flip();
		}
	}

	// Large while much comes at once; and with room for at least one byte
	private ByteBuffer fitting() {
		ByteBuffer present = this.buffer;
		int held = present.remaining();
		boolean much = this.lastCount >= BufferPool.SMALL || held >= BufferPool.SMALL;
		ByteBuffer next = null;
		if (present.capacity() <= BufferPool.SMALL) {
			next = much ? this.pool.tryLarge() : null;
			if (next == null && held == present.capacity()) {
				next = this.pool.take(held + 1);
			}
		}
		else if (held == present.capacity()) {
			next = this.pool.take((int) Math.min(2L * held, Integer.MAX_VALUE - 8));
		}
		else if (held == 0 && !much) {
			next = this.pool.take(1);
		}
		if (next != null) {
			next.put(present).flip();
			give(present);
			this.buffer = next;
		}
		return this.buffer;
	}

	/**
	 * Gives its memory back if it is empty: the connection is going to wait.
	 */
	public void release() {
		if (!this.buffer.hasRemaining()) {
			close();
		}
	}

	@Override
	public void close() {
		give(this.buffer);
		this.buffer = NONE;
	}

	private void give(ByteBuffer unused) {
		if (unused.capacity() > 0) {
			this.pool.give(unused);
		}
	}

	/**
	 * Something to read from.
	 */
	@FunctionalInterface
	public interface Source {

		/**
		 * Reads once.
		 * @param target where the bytes go, with room for at least one
		 * @return how many bytes were read, 0 if none has come; -1 at the end of the
		 * stream
		 * @throws IOException if the read failed
		 */
		int read(ByteBuffer target) throws IOException;

	}

}
