package io.weir.scheduling;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Accepts on loopback and runs each connection on a scheduler, by default an echo.
 */
class EchoServer implements AutoCloseable {

	interface Handler {

		void handle(ConnectionThread thread, SocketChannel channel) throws IOException;

	}

	final AtomicInteger over = new AtomicInteger();

	private final ServerSocketChannel listener;

	private final ConnectionScheduler scheduler;

	private final Handler handler;

	EchoServer(ConnectionScheduler scheduler) {
		this(scheduler, EchoServer::echo);
	}

	EchoServer(ConnectionScheduler scheduler, Handler handler) {
		this.scheduler = scheduler;
		this.handler = handler;
		try {
			this.listener = ServerSocketChannel.open();
			this.listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1000);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		Thread.ofPlatform().daemon().name("test-accept").start(this::accept);
	}

	private void accept() {
		for (int i = 1; true; i++) {
			try {
				SocketChannel channel = this.listener.accept();
				ConnectionThread thread = this.scheduler.newThread("connection-" + i, channel);
				thread.start(() -> run(thread, channel));
			}
			catch (IOException ex) {
				return;
			}
		}
	}

	private void run(ConnectionThread thread, SocketChannel channel) {
		try {
			this.handler.handle(thread, channel);
		}
		catch (IOException ex) {
			// The end of this connection
		}
		finally {
			close(thread, channel);
			this.over.incrementAndGet();
		}
	}

	static void close(ConnectionThread thread, SocketChannel channel) {
		try {
			channel.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		thread.channelClosed();
	}

	static void echo(ConnectionThread thread, SocketChannel channel) throws IOException {
		ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
		boolean full = false;
		while (true) {
			int count = read(thread, channel, buffer.clear(), full);
			if (count < 0) {
				return;
			}
			full = !buffer.hasRemaining();
			write(thread, channel, buffer.flip());
		}
	}

	static int read(ConnectionThread thread, SocketChannel channel, ByteBuffer buffer, boolean full)
			throws IOException {
		if (thread.beforeRead(full)) {
			thread.awaitReadable();
		}
		int count = channel.read(buffer);
		while (count == 0) {
			thread.awaitReadable();
			count = channel.read(buffer);
		}
		return count;
	}

	static void write(ConnectionThread thread, SocketChannel channel, ByteBuffer buffer) throws IOException {
		while (buffer.hasRemaining()) {
			if (channel.write(buffer) == 0) {
				thread.awaitWritable();
			}
		}
	}

	Socket dial() throws IOException {
		InetSocketAddress address = (InetSocketAddress) this.listener.getLocalAddress();
		Socket socket = new Socket(address.getAddress(), address.getPort());
		socket.setTcpNoDelay(true);
		socket.setSoTimeout(10_000);
		return socket;
	}

	@Override
	public void close() throws IOException {
		this.listener.close();
	}

}
