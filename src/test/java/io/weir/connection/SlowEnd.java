package io.weir.connection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.weir.transport.Transport;

/**
 * Protects nothing; its end waits as a write does, until it may go on or the socket is
 * closed.
 */
record SlowEnd(Transport lower, CountDownLatch until) implements Transport {

	@Override
	public void shutdownOutput() throws IOException {
		try {
			while (!this.until.await(10, TimeUnit.MILLISECONDS)) {
				if (!this.lower.isOpen()) {
					throw new AsynchronousCloseException();
				}
			}
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
		this.lower.shutdownOutput();
	}

	@Override
	public int available() {
		return 0;
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		return this.lower.read(target);
	}

	@Override
	public int write(ByteBuffer source) throws IOException {
		return this.lower.write(source);
	}

	@Override
	public void giveWay() {
		this.lower.giveWay();
	}

	@Override
	public boolean isOpen() {
		return this.lower.isOpen();
	}

	@Override
	public void close() throws IOException {
		this.lower.close();
	}

}
