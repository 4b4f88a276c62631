package io.weir;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.ssl.SSLSocket;

import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clients that send as fast as the server takes it, and throw away what comes back.
 */
final class FullSpeedSenders implements AutoCloseable {

	private static final int THREADS = 2;

	private static final int WRITE = 256 * 1024;

	private static final long WAY = 32L * 1024 * 1024;

	private final List<Closeable> clients = new ArrayList<>();

	private final List<Thread> threads = new ArrayList<>();

	private final List<Exception> failures = new CopyOnWriteArrayList<>();

	private final AtomicLong sent = new AtomicLong();

	private volatile boolean enough;

	/**
	 * Connects them; they begin at {@link #begin}.
	 */
	static FullSpeedSenders connect(int port, int count) throws IOException {
		FullSpeedSenders senders = new FullSpeedSenders();
		InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
		for (int thread = 0; thread < THREADS; thread++) {
			Selector selector = Selector.open();
			for (int i = thread; i < count; i += THREADS) {
				SocketChannel channel = SocketChannel.open(address);
				senders.clients.add(channel);
				channel.configureBlocking(false);
				channel.register(selector, SelectionKey.OP_READ | SelectionKey.OP_WRITE);
			}
			senders.clients.add(selector);
			senders.threads.add(Thread.ofPlatform().daemon().name("senders").unstarted(() -> senders.run(selector)));
		}
		return senders;
	}

	/**
	 * Connects clients with TLS and makes their handshakes. They read nothing.
	 */
	static FullSpeedSenders connect(TlsClient tls, int port, int count) throws IOException {
		FullSpeedSenders senders = new FullSpeedSenders();
		for (int i = 0; i < count; i++) {
			// Closed without a close_notify, which would wait for the write
			Socket plain = TlsClient.plain(port, 0);
			senders.clients.add(plain);
			SSLSocket socket = tls.over(plain);
			socket.startHandshake();
			senders.threads.add(Thread.ofPlatform().daemon().name("sender").unstarted(() -> senders.run(socket)));
		}
		return senders;
	}

	/**
	 * Lets them send, and waits until they are well under way.
	 * @param leadIn how long they send at least
	 */
	FullSpeedSenders begin(Duration leadIn) {
		this.threads.forEach(Thread::start);
		Awaitility.await("the senders are under way").pollDelay(leadIn).until(() -> this.sent.get() > WAY);
		return this;
	}

	private void run(Selector selector) {
		ByteBuffer bytes = ByteBuffer.allocateDirect(WRITE);
		ByteBuffer received = ByteBuffer.allocateDirect(WRITE);
		try {
			while (!this.enough) {
				selector.select((key) -> {
					try {
						exchange(key, bytes, received);
					}
					catch (IOException ex) {
						throw new UncheckedIOException(ex);
					}
				}, 100);
			}
		}
		catch (IOException | UncheckedIOException | ClosedSelectorException | CancelledKeyException ex) {
			failUnlessEnough(ex);
		}
	}

	private void exchange(SelectionKey key, ByteBuffer bytes, ByteBuffer received) throws IOException {
		SocketChannel channel = (SocketChannel) key.channel();
		if (key.isReadable() && channel.read(received.clear()) < 0) {
			throw new IOException("The server ended a sender");
		}
		if (key.isWritable()) {
			this.sent.addAndGet(channel.write(bytes.clear()));
		}
	}

	private void run(SSLSocket socket) {
		byte[] bytes = new byte[16 * 1024];
		try {
			while (!this.enough) {
				socket.getOutputStream().write(bytes);
				this.sent.addAndGet(bytes.length);
			}
		}
		catch (IOException ex) {
			failUnlessEnough(ex);
		}
	}

	private void failUnlessEnough(Exception ex) {
		if (!this.enough) {
			this.failures.add(ex);
		}
	}

	/**
	 * Ends them.
	 * @throws AssertionError if the server ended one
	 */
	@Override
	public void close() throws IOException {
		this.enough = true;
		for (Closeable client : this.clients) {
			client.close();
		}
		Awaitility.await("the end of the senders").until(() -> this.threads.stream().noneMatch(Thread::isAlive));
		assertThat(this.failures).as("failures of senders").isEmpty();
	}

}
