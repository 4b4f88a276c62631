package io.weir.transport;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

import org.jspecify.annotations.Nullable;

import io.weir.scheduling.SocketWaiter;

/**
 * The socket itself. How it waits is the {@link SocketWaiter}'s concern: a blocking
 * channel waits in the kernel and never gets to it, a non-blocking one comes back empty
 * and waits there.
 */
public final class PlainTransport implements Transport {

	private static final int MAX_COPY = 128 * 1024;

	// A peer that keeps up may take more for ever: after so many bytes, or 64 writes,
	// others go first
	private static final int MAX_WRITTEN = 256 * 1024;

	private static final int MIN_WRITTEN = MAX_WRITTEN / 64;

	private static final VarHandle READS;

	static {
		try {
			READS = MethodHandles.lookup().findVarHandle(PlainTransport.class, "reads", long.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final SocketChannel channel;

	private final SocketWaiter waiter;

	// The reader's own: whether more may wait in the kernel than it had room for. At
	// first, too: a client's first bytes have come by then, most often
	private boolean filled = true;

	private long reads;

	// The writer's own: since it waited, gave way or read
	private int written;

	private @Nullable Thread writer;

	// The reader's own: null once enough has come
	private @Nullable FirstBytes firstBytes;

	public PlainTransport(SocketChannel channel, SocketWaiter waiter) {
		this.channel = channel;
		this.waiter = waiter;
	}

	/**
	 * Has the first bytes looked at that come from here on.
	 * @param watcher looks at them
	 */
	public void watchFirstBytes(FirstBytes watcher) {
		this.firstBytes = watcher;
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		if (beforeRead()) {
			this.waiter.awaitReadable();
		}
		int count = readOnce(target);
		while (count == 0) {
			this.waiter.awaitReadable();
			count = readOnce(target);
		}
		return count;
	}

	@Override
	public int read(ReadBuffer target) throws IOException {
		if (beforeRead()) {
			target.release();
			this.waiter.awaitReadable();
		}
		if (this.reads == 0 && this.channel.isBlocking()) {
			return readFirst(target);
		}
		int count = target.fill(this::readOnce);
		while (count == 0) {
			target.release();
			this.waiter.awaitReadable();
			count = target.fill(this::readOnce);
		}
		return count;
	}

	// A read waits, or lets others go first. Another thread's read says nothing of the
	// writer
	private boolean beforeRead() {
		if (this.writer == Thread.currentThread()) {
			this.written = 0;
		}
		return this.waiter.beforeRead(this.filled);
	}

	// A channel that blocks waits with a buffer in hand. A client that has sent nothing,
	// and may never do so, costs one of one byte
	private int readFirst(ReadBuffer target) throws IOException {
		if (available() > 0) {
			return target.fill(this::readOnce);
		}
		ByteBuffer first = ByteBuffer.allocateDirect(1);
		if (this.channel.read(first) < 0) {
			return -1;
		}
		return target.fill((buffer) -> {
			buffer.put(first.flip());
			int more = (available() > 0) ? this.channel.read(buffer) : 0;
			this.filled = !buffer.hasRemaining();
			return came(buffer, 1 + Math.max(more, 0));
		});
	}

	private int readOnce(ByteBuffer target) throws IOException {
		int room = atOnce(target);
		int limit = target.limit();
		int count;
		try {
			count = this.channel.read(target.limit(target.position() + room));
		}
		finally {
			target.limit(limit);
		}
		this.filled = count == room;
		return came(target, count);
	}

	private int came(ByteBuffer target, int count) {
		if (count > 0) {
			FirstBytes watcher = this.firstBytes;
			if (watcher != null) {
				this.firstBytes = watcher.came(target, target.position() - count, target.position());
			}
			READS.setOpaque(this, this.reads + 1);
		}
		return count;
	}

	// The JDK copies all that a heap buffer has through a direct one, and keeps that
	private static int atOnce(ByteBuffer buffer) {
		return buffer.isDirect() ? buffer.remaining() : Math.min(buffer.remaining(), MAX_COPY);
	}

	@Override
	public int write(ByteBuffer source) throws IOException {
		this.writer = Thread.currentThread();
		if (this.written >= MAX_WRITTEN) {
			this.written = 0;
			this.waiter.giveWay();
		}
		int limit = source.limit();
		try {
			source.limit(source.position() + atOnce(source));
			int count = this.channel.write(source);
			while (count == 0) {
				this.written = 0;
				this.waiter.awaitWritable();
				count = this.channel.write(source);
			}
			this.written += Math.max(count, MIN_WRITTEN);
			return count;
		}
		finally {
			source.limit(limit);
		}
	}

	@Override
	public int available() throws IOException {
		return this.channel.socket().getInputStream().available();
	}

	/**
	 * How many reads have brought bytes. Grows while the connection's thread gets to
	 * read, whatever its layers make of the bytes.
	 */
	public long reads() {
		return (long) READS.getOpaque(this);
	}

	@Override
	public void giveWay() {
		this.waiter.giveWay();
	}

	@Override
	public boolean endsWithFinAlone() {
		return true;
	}

	@Override
	public void shutdownOutput() throws IOException {
		this.channel.shutdownOutput();
	}

	@Override
	public boolean isOpen() {
		return this.channel.isOpen();
	}

	/**
	 * Closes the socket: a read or write that waits fails. Any thread may call.
	 */
	@Override
	public void close() throws IOException {
		try {
			this.channel.close();
		}
		finally {
			this.waiter.channelClosed();
		}
	}

}
