package io.weir.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.ReentrantLock;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;

import io.weir.transport.BufferPool;
import io.weir.transport.Transport;

/**
 * What goes to the peer: encrypted data, the engine's own messages, and the close_notify.
 * A lock keeps threads apart that wrap and write. Safe for any thread.
 */
final class TlsOutput {

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private final Transport lower;

	private final SSLEngine engine;

	private final BufferPool buffers;

	private final ReentrantLock lock = new ReentrantLock();

	// Set before the lock is taken: a writer stops at its next record
	private volatile boolean closing;

	private boolean shut;

	/**
	 * Creates the output of a connection.
	 * @param lower where the encrypted bytes go
	 * @param engine the server's side
	 * @param buffers where its buffers come from, on the heap
	 */
	TlsOutput(Transport lower, SSLEngine engine, BufferPool buffers) {
		this.lower = lower;
		this.engine = engine;
		this.buffers = buffers;
	}

	/**
	 * Encrypts and writes.
	 * @param source some bytes at least; how many depends on the buffers
	 * @throws ClosedChannelException if the output is shut
	 * @throws IOException if the socket failed; nothing is taken then, though some may
	 * have been sent
	 */
	int write(ByteBuffer source) throws IOException {
		int begin = source.position();
		ByteBuffer outgoing = outgoing();
		this.lock.lock();
		try {
			Status status = Status.OK;
			while (status == Status.OK && source.hasRemaining() && !this.closing) {
				if (source.position() > begin) {
					this.lower.giveWay();
				}
				status = this.engine.wrap(source, outgoing).getStatus();
			}
			if ((this.closing && source.position() == begin) || status == Status.CLOSED) {
				throw new ClosedChannelException();
			}
			send(outgoing);
			return source.position() - begin;
		}
		catch (IOException ex) {
			source.position(begin);
			throw ex;
		}
		finally {
			this.lock.unlock();
			this.buffers.give(outgoing);
		}
	}

	private ByteBuffer outgoing() {
		ByteBuffer large = this.buffers.tryLarge();
		return (large != null) ? large : this.buffers.take(BufferPool.MEDIUM);
	}

	/**
	 * Writes what the engine itself has to say.
	 * @throws IOException if the engine or the socket failed
	 */
	void flush() throws IOException {
		ByteBuffer outgoing = this.buffers.take(BufferPool.MEDIUM);
		this.lock.lock();
		try {
			Status status;
			do {
				status = this.engine.wrap(NOTHING, outgoing).getStatus();
				if (status == Status.BUFFER_OVERFLOW) {
					send(outgoing);
				}
			}
			while (status != Status.CLOSED && this.engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP);
			send(outgoing);
		}
		finally {
			this.lock.unlock();
			this.buffers.give(outgoing);
		}
	}

	private void send(ByteBuffer outgoing) throws IOException {
		outgoing.flip();
		while (outgoing.hasRemaining()) {
			this.lower.write(outgoing);
		}
		outgoing.clear();
	}

	/**
	 * Sends the close_notify, then shuts down the output below. Does nothing the second
	 * time.
	 * @throws IOException if the engine or the socket failed
	 */
	void shutdown() throws IOException {
		this.closing = true;
		this.lock.lock();
		try {
			if (!this.shut) {
				this.shut = true;
				this.engine.closeOutbound();
				if (!this.engine.isOutboundDone()) {
					flush();
				}
				this.lower.shutdownOutput();
			}
		}
		finally {
			this.lock.unlock();
		}
	}

}
