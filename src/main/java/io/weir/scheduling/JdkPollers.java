package io.weir.scheduling;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Initialises for good what the JDK needs to park a virtual thread that waits for a
 * socket. The JDK does so when a virtual thread waits for the first time. If no file
 * descriptor is free at that moment, the attempt fails, and so does every later one, with
 * a {@link NoClassDefFoundError}.
 */
final class JdkPollers {

	private static final long MAX_WAIT = TimeUnit.SECONDS.toNanos(10);

	private static final long LOOK = TimeUnit.MICROSECONDS.toNanos(100);

	private static boolean initialized;

	private JdkPollers() {
	}

	/**
	 * Parks virtual threads in a read and in a write on loopback, and wakes them. Does
	 * nothing if that has succeeded before.
	 * @throws IOException if that failed, or the caller was interrupted
	 */
	static synchronized void initialize() throws IOException {
		if (!initialized) {
			// What a virtual thread starts may inherit its scheduler: the JDK's own
			// threads must not
			FutureTask<Boolean> task = new FutureTask<>(JdkPollers::parkAndWake);
			Thread.ofPlatform().daemon().name("tcp-poller-start").start(task);
			await(task);
			initialized = true;
		}
	}

	private static boolean parkAndWake() throws IOException {
		try (ServerSocketChannel listener = ServerSocketChannel.open()) {
			listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
			SocketChannel one = SocketChannel.open(listener.getLocalAddress());
			try (SocketChannel other = listener.accept()) {
				FutureTask<?> read = parked(() -> one.read(ByteBuffer.allocate(1)));
				other.write(ByteBuffer.allocate(1));
				await(read);
				FutureTask<?> write = parked(() -> fill(one));
				// A close below a thread that waits takes a way of its own in the JDK
				one.close();
				await(write);
			}
			finally {
				one.close();
			}
		}
		return true;
	}

	// Writes until the buffers are full, and then until the channel is closed
	private static int fill(SocketChannel channel) throws IOException {
		ByteBuffer bytes = ByteBuffer.allocate(64 * 1024);
		try {
			while (true) {
				channel.write(bytes.clear());
			}
		}
		catch (ClosedChannelException ex) {
			// The end. The kernel may have taken some more bytes just before
			return 0;
		}
	}

	private static FutureTask<Integer> parked(Callable<Integer> step) throws IOException {
		FutureTask<Integer> task = new FutureTask<>(step);
		Thread thread = Thread.ofVirtual().name("tcp-poller-start").start(task);
		long begin = System.nanoTime();
		while (thread.getState() != Thread.State.WAITING) {
			if (!thread.isAlive() || System.nanoTime() - begin > MAX_WAIT) {
				await(task);
				throw new IOException("A virtual thread did not wait for its socket");
			}
			LockSupport.parkNanos(LOOK);
		}
		return task;
	}

	private static void await(FutureTask<?> task) throws IOException {
		try {
			task.get(MAX_WAIT, TimeUnit.NANOSECONDS);
		}
		catch (ExecutionException ex) {
			switch (ex.getCause()) {
				case IOException failure -> throw failure;
				// What a class throws that cannot be initialised
				case Error failure -> throw failure;
				case null, default -> throw new IOException(ex.getCause());
			}
		}
		catch (TimeoutException ex) {
			throw new IOException("A virtual thread that waited for its socket did not wake", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IOException("Interrupted at the start", ex);
		}
	}

}
