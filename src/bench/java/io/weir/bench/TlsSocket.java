package io.weir.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLParameters;

/**
 * The client's side of TLS over a socket: one protocol and one cipher suite, so that all
 * servers do the same. All of them are driven by one thread.
 */
final class TlsSocket implements ByteChannel {

	private static final String[] PROTOCOLS = { "TLSv1.3" };

	private static final String[] CIPHER_SUITES = { "TLS_AES_256_GCM_SHA384" };

	private static final int SIZE = 64 * 1024;

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	// No direct buffers: the JDK's engine works on arrays
	private static final ByteBuffer decrypted = ByteBuffer.allocate(SIZE);

	private final ByteBuffer incoming = ByteBuffer.allocate(SIZE).flip();

	// Encrypted bytes that the kernel has not taken, from position to limit
	private final ByteBuffer outgoing = ByteBuffer.allocate(SIZE).flip();

	private final SocketChannel channel;

	private final SSLEngine engine;

	/**
	 * Shakes hands.
	 * @param channel connected, in blocking mode until this returns
	 * @param context trusts the server
	 * @throws IOException if the server is another or can't do what is asked for
	 */
	TlsSocket(SocketChannel channel, SSLContext context) throws IOException {
		this.channel = channel;
		this.engine = context.createSSLEngine();
		this.engine.setUseClientMode(true);
		this.engine.setSSLParameters(new SSLParameters(CIPHER_SUITES, PROTOCOLS));
		this.engine.beginHandshake();
		boolean done = false;
		while (!done) {
			switch (this.engine.getHandshakeStatus()) {
				case NEED_TASK -> this.engine.getDelegatedTask().run();
				case NEED_WRAP -> write(NOTHING);
				case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> unwrapHandshake();
				default -> done = true;
			}
		}
	}

	private void unwrapHandshake() throws IOException {
		SSLEngineResult result = this.engine.unwrap(this.incoming, NOTHING);
		if (result.getStatus() == Status.CLOSED || (result.getStatus() == Status.BUFFER_UNDERFLOW && receive() < 0)) {
			throw new IOException("The server ended the connection during the handshake");
		}
	}

	private int receive() throws IOException {
		this.incoming.compact();
		try {
			return this.channel.read(this.incoming);
		}
		finally {
			this.incoming.flip();
		}
	}

	/**
	 * Reads what has come, all of it.
	 */
	@Override
	public int read(ByteBuffer target) throws IOException {
		if (receive() < 0) {
			return -1;
		}
		decrypted.clear();
		Status status = Status.OK;
		while (status == Status.OK && this.incoming.hasRemaining()) {
			status = this.engine.unwrap(this.incoming, decrypted).getStatus();
		}
		if (status == Status.CLOSED) {
			return -1;
		}
		int count = decrypted.flip().remaining();
		if (count > target.remaining()) {
			throw new IOException("More bytes came back than were sent");
		}
		target.put(decrypted);
		return count;
	}

	/**
	 * Encrypts and sends as much as the kernel takes, and at most a buffer more, which
	 * goes before the next.
	 */
	@Override
	public int write(ByteBuffer source) throws IOException {
		int begin = source.position();
		do {
			if (this.outgoing.hasRemaining()) {
				this.channel.write(this.outgoing);
			}
			if (this.outgoing.hasRemaining()) {
				break;
			}
			this.outgoing.clear();
			try {
				Status status = Status.OK;
				do {
					status = this.engine.wrap(source, this.outgoing).getStatus();
				}
				while (status == Status.OK && source.hasRemaining());
			}
			finally {
				this.outgoing.flip();
			}
			this.channel.write(this.outgoing);
		}
		while (source.hasRemaining());
		return source.position() - begin;
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
