package io.weir.connection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Protects nothing; its end waits as a write does, until it may go on or the socket is
 * closed.
 */
final class WaitingChannel implements SecureChannel {

	private final SocketChannel channel;

	private final CountDownLatch until;

	WaitingChannel(SocketChannel channel, CountDownLatch until) {
		this.channel = channel;
		this.until = until;
	}

	@Override
	public SecureSession handshake() {
		return new SecureSession("none", "none", null);
	}

	@Override
	public void shutdownOutput() throws IOException {
		try {
			while (!this.until.await(10, TimeUnit.MILLISECONDS)) {
				if (!this.channel.isOpen()) {
					throw new AsynchronousCloseException();
				}
			}
		}
		catch (InterruptedException ex) {
			throw new IOException(ex);
		}
		this.channel.shutdownOutput();
	}

	@Override
	public int available() {
		return 0;
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		return this.channel.read(target);
	}

	@Override
	public int write(ByteBuffer source) throws IOException {
		return this.channel.write(source);
	}

	@Override
	public boolean isOpen() {
		return this.channel.isOpen();
	}

	@Override
	public void close() throws IOException {
		this.channel.close();
	}

}
