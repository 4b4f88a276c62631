package io.weir.transport;

import java.io.IOException;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

/**
 * A transport of which more was read than its reader wanted: serves that first.
 */
public final class RemainderTransport implements Transport {

	private final Transport lower;

	// Empty once it is served. Guarded by this: the connection's thread closes it while
	// another one may still read
	private final ReadBuffer remainder;

	private volatile int held;

	/**
	 * Creates a transport.
	 * @param lower what everything else goes through
	 * @param remainder what was read of it, owned from here on
	 */
	RemainderTransport(Transport lower, ReadBuffer remainder) {
		this.lower = lower;
		this.remainder = remainder;
		this.held = remainder.bytes().remaining();
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		int count = (this.held > 0) ? serve(target) : 0;
		return (count > 0) ? count : this.lower.read(target);
	}

	@Override
	public int read(ReadBuffer target) throws IOException {
		return (this.held > 0) ? target.fill(this::read) : this.lower.read(target);
	}

	private synchronized int serve(ByteBuffer target) {
		ByteBuffer from = this.remainder.bytes();
		int count = Math.min(from.remaining(), target.remaining());
		target.put(target.position(), from, from.position(), count);
		target.position(target.position() + count);
		from.position(from.position() + count);
		this.held = from.remaining();
		this.remainder.release();
		return count;
	}

	@Override
	public int write(ByteBuffer source) throws IOException {
		return this.lower.write(source);
	}

	@Override
	public int available() throws IOException {
		return this.held + this.lower.available();
	}

	@Override
	public int held() {
		return this.held + this.lower.held();
	}

	@Override
	public void giveWay() {
		this.lower.giveWay();
	}

	/**
	 * Has what is left looked at, as the first bytes of the connection. To be called
	 * before it is read.
	 * @param watcher looks at them
	 * @return who wants to look at what comes next; null if nobody does
	 */
	public @Nullable FirstBytes watchFirstBytes(FirstBytes watcher) {
		ByteBuffer bytes = this.remainder.bytes();
		return watcher.came(bytes, bytes.position(), bytes.limit());
	}

	@Override
	public boolean endsWithFinAlone() {
		return this.lower.endsWithFinAlone();
	}

	@Override
	public void shutdownOutput() throws IOException {
		this.lower.shutdownOutput();
	}

	@Override
	public boolean isOpen() {
		return this.lower.isOpen();
	}

	@Override
	public void close() throws IOException {
		try {
			this.lower.close();
		}
		finally {
			release();
		}
	}

	private synchronized void release() {
		this.held = 0;
		this.remainder.clear();
		this.remainder.close();
	}

}
