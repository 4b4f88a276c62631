package io.weir;

import io.weir.connection.Preparation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

import io.weir.connection.CloseReason;
import io.weir.connection.RejectReason;
import io.weir.connection.Slot;
import io.weir.connection.Layer;
import io.weir.connection.ConnectionRunner;
import io.weir.scheduling.ConnectionScheduler;
import io.weir.scheduling.ConnectionThread;
import io.weir.scheduling.Schedulers;
import io.weir.connection.Connection;
import io.weir.api.ConnectionHandler;
import io.weir.connection.ConnectionRegistry;

/**
 * A loopback connection that a handler serves on a thread of its own, as the server does.
 */
public final class ServedConnection implements AutoCloseable {

	private final ConnectionRegistry registry;

	private final Peer peer;

	private final Connection connection;

	private final ConnectionScheduler scheduler = Schedulers.auto();

	private final ConnectionThread thread;

	private final CountDownLatch ended = new CountDownLatch(1);

	private final AtomicInteger releases = new AtomicInteger();

	private final CompletableFuture<CloseReason> reason = new CompletableFuture<>();

	public ServedConnection(ConnectionHandler handler) throws IOException {
		this(new ConnectionRegistry(), handler);
	}

	public ServedConnection(ConnectionRegistry registry, ConnectionHandler handler) throws IOException {
		this(registry, handler, 0);
	}

	/**
	 * Connects and starts to serve.
	 * @param registry where the connection is registered
	 * @param handler what serves it
	 * @param buffer size of the socket buffers, small for a write that blocks soon; 0
	 * leaves them to the kernel
	 */
	public ServedConnection(ConnectionRegistry registry, ConnectionHandler handler, int buffer) throws IOException {
		this(registry, handler, buffer, List.of());
	}

	public ServedConnection(ConnectionRegistry registry, ConnectionHandler handler, int buffer, List<Layer> layers)
			throws IOException {
		this(registry, (connection) -> {
		}, layers, handler, buffer);
	}

	/**
	 * Is prepared in vain.
	 */
	public static ServedConnection failing(ConnectionRegistry registry, Throwable failure) throws IOException {
		return new ServedConnection(registry, (connection) -> {
			if (failure instanceof IOException ex) {
				throw ex;
			}
			throw (RuntimeException) failure;
		}, List.of(), (connection) -> {
		}, 0);
	}

	/**
	 * Is ended while it is prepared.
	 */
	public static ServedConnection endedAtOnce(ConnectionHandler handler) throws IOException {
		return new ServedConnection(new ConnectionRegistry(),
				(connection) -> connection.end(CloseReason.CLOSED_BY_OPERATOR), List.of(), handler, 0);
	}

	private ServedConnection(ConnectionRegistry registry, Preparation preparation, List<Layer> layers,
			ConnectionHandler handler, int buffer) throws IOException {
		this.registry = registry;
		SocketChannel accepted;
		try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.INET)) {
			listener.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
			this.peer = Peer.connect(listener.getLocalAddress(), buffer);
			accepted = listener.accept();
		}
		if (buffer > 0) {
			accepted.setOption(StandardSocketOptions.SO_SNDBUF, buffer);
		}
		ConnectionRunner runner = new ConnectionRunner(registry, preparation, null, layers, handler);
		this.scheduler.start();
		this.thread = this.scheduler.newThread("connection", accepted);
		this.connection = new Connection(registry.nextId(), accepted, this.thread,
				runner.firstLayer(InetAddress.ofLiteral("127.0.0.1")));
		registry.register(this.connection);
		registry.addListener((connection, reason) -> {
			if (connection == this.connection) {
				this.reason.complete(reason);
			}
		});
		this.thread.start(() -> {
			try {
				runner.run(this.connection, new CountedSlot());
			}
			finally {
				this.ended.countDown();
			}
		});
	}

	private final class CountedSlot implements Slot {

		@Override
		public @Nullable RejectReason admit(InetAddress client) {
			return null;
		}

		@Override
		public @Nullable RejectReason admitProxy(InetAddress proxy) {
			return null;
		}

		@Override
		public void close() {
			ServedConnection.this.releases.incrementAndGet();
		}

	}

	public ConnectionThread thread() {
		return this.thread;
	}

	/**
	 * How often its place was given back.
	 */
	public int releases() {
		return this.releases.get();
	}

	public ConnectionRegistry registry() {
		return this.registry;
	}

	public Peer peer() {
		return this.peer;
	}

	public Connection connection() {
		return this.connection;
	}

	public boolean isServed() {
		return !this.reason.isDone();
	}

	/**
	 * Waits until the server has read so many bytes.
	 */
	public void awaitReceived(long count) {
		Awaitility.await()
			.pollDelay(Duration.ZERO)
			.pollInterval(Duration.ofMillis(2))
			.until(() -> this.connection.bytesReceived() == count);
	}

	/**
	 * Waits for the end.
	 */
	public CloseReason reason() throws InterruptedException, ExecutionException, TimeoutException {
		return this.reason.get(10, TimeUnit.SECONDS);
	}

	@Override
	public void close() throws IOException {
		this.peer.close();
		this.connection.channel().close();
		this.thread.channelClosed();
		try {
			this.ended.await(5, TimeUnit.SECONDS);
			this.scheduler.stop();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
