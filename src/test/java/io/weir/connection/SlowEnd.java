package io.weir.connection;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.weir.transport.Transport;

/**
 * Protects nothing; its end waits as a write does, until it may go on or the socket is
 * closed.
 */
final class SlowEnd extends ForwardingTransport {

	private final CountDownLatch until;

	SlowEnd(Transport lower, CountDownLatch until) {
		super(lower);
		this.until = until;
	}

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

}
