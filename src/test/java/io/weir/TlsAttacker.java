package io.weir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A client that sends TLS records without end which bring its handshake, or its
 * connection, no further. When the server ends it, it connects again.
 */
final class TlsAttacker implements AutoCloseable {

	/**
	 * The alert no_renegotiation of the level warning (RFC 5246, 7.2.2).
	 */
	static final byte[] WARNING = { 0x15, 3, 3, 0, 2, 1, 0x5a };

	/**
	 * A record of handshake bytes that has none.
	 */
	static final byte[] EMPTY_HANDSHAKE = { 0x16, 3, 3, 0, 0 };

	/**
	 * A record with the beginning of a ClientHello of 32,000 bytes.
	 */
	static final byte[] LONG_HELLO = { 0x16, 3, 3, 0, 4, 1, 0, 0x7d, 0 };

	/**
	 * A record of one byte of the handshake.
	 */
	static final byte[] HANDSHAKE_BYTE = { 0x16, 3, 3, 0, 1, 0 };

	private static final int BATCH = 64 * 1024;

	private static final int PAUSE_MILLIS = 10;

	private final Attack attack;

	private final int port;

	private final AtomicInteger ended = new AtomicInteger();

	private final CountDownLatch end = new CountDownLatch(1);

	private volatile @Nullable Socket socket;

	private final Thread thread;

	TlsAttacker(int port, Attack attack) {
		this.port = port;
		this.attack = attack;
		this.thread = Thread.ofPlatform().daemon().name("attacker").start(this::run);
	}

	/**
	 * Sends a beginning, then a record again and again.
	 */
	static Attack sending(byte[] beginning, byte... record) {
		ByteBuffer batch = ByteBuffer.allocate(BATCH / record.length * record.length);
		while (batch.hasRemaining()) {
			batch.put(record);
		}
		return (plain) -> {
			plain.getOutputStream().write(beginning);
			while (true) {
				plain.getOutputStream().write(batch.array());
			}
		};
	}

	/**
	 * Makes a handshake, then asks for new keys again and again.
	 */
	static Attack updatingKeys(TlsClient clients) {
		return (plain) -> {
			SSLSocket socket = clients.over(plain, "TLSv1.3");
			TlsClient.echo(socket);
			while (true) {
				socket.startHandshake();
			}
		};
	}

	/**
	 * The first bytes of a handshake.
	 */
	static byte[] clientHello(SSLContext context, String protocol) throws SSLException {
		SSLEngine engine = context.createSSLEngine("localhost", 1);
		engine.setUseClientMode(true);
		engine.setEnabledProtocols(new String[] { protocol });
		ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
		engine.wrap(ByteBuffer.allocate(0), hello);
		byte[] bytes = new byte[hello.flip().remaining()];
		hello.get(bytes);
		return bytes;
	}

	/**
	 * Cuts a message of the handshake into records of one byte each, but for its last
	 * byte.
	 */
	static byte[] fragments(byte[] record) {
		ByteArrayOutputStream fragments = new ByteArrayOutputStream();
		for (int i = 5; i < record.length - 1; i++) {
			fragments.writeBytes(new byte[] { 0x16, 3, 3, 0, 1, record[i] });
		}
		return fragments.toByteArray();
	}

	private void run() {
		try {
			do {
				attackOnce();
			}
			while (!this.end.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void attackOnce() {
		try (Socket plain = TlsClient.plain(this.port, 0)) {
			this.socket = plain;
			this.attack.run(plain);
		}
		catch (IOException ex) {
			this.ended.incrementAndGet();
		}
	}

	/**
	 * How often the server ended it.
	 */
	int ended() {
		return this.ended.get();
	}

	@Override
	public void close() throws IOException {
		this.end.countDown();
		Socket last = this.socket;
		if (last != null) {
			last.close();
		}
		Awaitility.await("the end of the attacker").until(() -> !this.thread.isAlive());
	}

	/**
	 * What it does with one connection, until that is lost.
	 */
	@FunctionalInterface
	interface Attack {

		/**
		 * Goes on until the connection is lost.
		 */
		void run(Socket plain) throws IOException;

	}

}
