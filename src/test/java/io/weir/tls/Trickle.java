package io.weir.tls;

import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;

/**
 * A socket that sends in pieces, regardless of where records begin; or gathers what it is
 * to send, until it is told how much.
 */
final class Trickle extends Socket {

	private final ByteArrayOutputStream gathered = new ByteArrayOutputStream();

	private volatile boolean gathering;

	Trickle(int port) throws IOException {
		super(InetAddress.ofLiteral("127.0.0.1"), port);
		setTcpNoDelay(true);
	}

	/**
	 * From now on gathers.
	 */
	void gather() {
		this.gathering = true;
	}

	int gathered() {
		return this.gathered.size();
	}

	/**
	 * Sends at once the bytes that were gathered, from one to another.
	 */
	void send(int from, int to) throws IOException {
		super.getOutputStream().write(this.gathered.toByteArray(), from, to - from);
	}

	// What was gathered is still to be sent
	@Override
	public void shutdownOutput() throws IOException {
		if (!this.gathering) {
			super.shutdownOutput();
		}
	}

	@Override
	public OutputStream getOutputStream() throws IOException {
		return new FilterOutputStream(super.getOutputStream()) {

			@Override
			public void write(byte[] bytes, int offset, int length) throws IOException {
				if (Trickle.this.gathering) {
					Trickle.this.gathered.write(bytes, offset, length);
					return;
				}
				int size = Math.max(1, length / 3);
				for (int i = 0; i < length; i += size) {
					this.out.write(bytes, offset + i, Math.min(size, length - i));
					this.out.flush();
				}
			}

		};
	}

}
