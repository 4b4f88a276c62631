package io.weir.scheduling;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

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
	 * @throws IOException if that failed
	 */
	static synchronized void initialize() throws IOException {
		if (!initialized) {
			// What a virtual thread starts may inherit its scheduler: the JDK's own
			// threads must not
			Step step = new Step(JdkPollers::parkAndWake);
			step.thread = Thread.ofPlatform().daemon().name("tcp-poller-start").start(step);
			step.finish();
			initialized = true;
		}
	}

	private static void parkAndWake() throws IOException {
		try (ServerSocketChannel listener = ServerSocketChannel.open()) {
			listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
			SocketChannel one = SocketChannel.open(listener.getLocalAddress());
			try (SocketChannel other = listener.accept()) {
				Step read = Step.parked(() -> one.read(ByteBuffer.allocate(1)));
				other.write(ByteBuffer.allocate(1));
				read.finish();
				Step write = Step.parked(() -> fill(one));
				// A close below a thread that waits takes a way of its own in the JDK
				one.close();
				write.finish();
			}
			finally {
				one.close();
			}
		}
	}

	// Writes until the buffers are full, and then until the channel is closed
	private static void fill(SocketChannel channel) throws IOException {
		ByteBuffer bytes = ByteBuffer.allocate(64 * 1024);
		try {
			while (true) {
				channel.write(bytes.clear());
			}
		}
		catch (AsynchronousCloseException ex) {
			// The end
		}
	}

	private interface Task {

		void run() throws IOException;

	}

	private static final class Step implements Runnable {

		private final Task task;

		private volatile @Nullable Throwable failure;

		private @Nullable Thread thread;

		Step(Task task) {
			this.task = task;
		}

		static Step parked(Task task) throws IOException {
			Step step = new Step(task);
			Thread thread = Thread.ofVirtual().name("tcp-poller-start").start(step);
			step.thread = thread;
			long begin = System.nanoTime();
			while (thread.getState() != Thread.State.WAITING) {
				if (!thread.isAlive() || System.nanoTime() - begin > MAX_WAIT) {
					step.finish();
					throw new IOException("A virtual thread did not wait for its socket");
				}
				LockSupport.parkNanos(LOOK);
			}
			return step;
		}

		@Override
		public void run() {
			try {
				this.task.run();
			}
			// An Error is what a class throws that cannot be initialised
			catch (Throwable ex) {
				this.failure = ex;
			}
		}

		void finish() throws IOException {
			boolean interrupted = false;
			long begin = System.nanoTime();
			Thread running = this.thread;
			while (running != null && running.isAlive()) {
				if (System.nanoTime() - begin > MAX_WAIT) {
					throw new IOException("A virtual thread that waited for its socket did not wake");
				}
				interrupted |= Thread.interrupted();
				LockSupport.parkNanos(LOOK);
			}
			if (interrupted) {
				Thread.currentThread().interrupt();
			}
			switch (this.failure) {
				case null -> {
				}
				case IOException ex -> throw ex;
				case Error error -> throw error;
				case Throwable ex -> throw new IOException(ex);
			}
		}

	}

}
