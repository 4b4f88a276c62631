package io.weir.tls;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;

/**
 * A socket that sends in pieces, regardless of where records begin.
 */
final class Trickle implements AutoCloseable {

	private final Socket socket;

	Trickle(int port) throws IOException {
		this.socket = new PieceSocket(port);
	}

	Socket socket() {
		return this.socket;
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	private static final class PieceSocket extends Socket {

		private PieceSocket(int port) throws IOException {
			super(InetAddress.ofLiteral("127.0.0.1"), port);
			setTcpNoDelay(true);
		}

		@Override
		public OutputStream getOutputStream() throws IOException {
			return new FilterOutputStream(super.getOutputStream()) {

				@Override
				public void write(byte[] bytes, int offset, int length) throws IOException {
					int size = Math.max(1, length / 3);
					for (int i = 0; i < length; i += size) {
						this.out.write(bytes, offset + i, Math.min(size, length - i));
						this.out.flush();
					}
				}

			};
		}

	}

}
