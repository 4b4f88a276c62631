package io.weir.actuate;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.event.EventListener;

import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.LogLimiter;
import io.weir.kernel.ConnectionDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.SocketKey;
import io.weir.kernel.TcpInfoField;
import io.weir.kernel.SocketSample;
import io.weir.kernel.Source;
import io.weir.server.TcpServer;
import io.weir.server.TcpServerLifecycle.TcpServerStartedEvent;

/**
 * Reads the kernel's figures of all connections at an interval, on a platform thread of
 * its own, and sums them up without garbage per connection; and reads them anew for who
 * asks about single ones.
 */
public class ConnectionSampler implements DisposableBean {

	// So many are asked about one by one in the time that an empty table takes to walk
	private static final int FEW = 128;

	private static final Duration INTERVAL_WITHOUT_SAMPLES = Duration.ofSeconds(1);

	private static final Logger logger = LoggerFactory.getLogger(ConnectionSampler.class);

	private final TcpServer server;

	private final ConnectionRegistry connections;

	private final SocketDiagnostics diagnostics;

	private final Duration interval;

	private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

	// The thread's own
	private final ConnectionTable table = new ConnectionTable();

	private long[] rtts = new long[64];

	private int rttCount;

	private long receiveQueues;

	private long sendQueues;

	private long retransmits;

	private volatile @Nullable Summary summary;

	private volatile long allRetransmits;

	private volatile boolean closed;

	private final LogLimiter failures = new LogLimiter();

	private @Nullable Thread thread;

	/**
	 * Creates a sampler, which starts with the server.
	 * @param server the listener
	 * @param connections its connections
	 * @param diagnostics asks the kernel
	 * @param interval how often to sample; zero is never, its listeners run all the same
	 */
	public ConnectionSampler(TcpServer server, ConnectionRegistry connections, SocketDiagnostics diagnostics,
			Duration interval) {
		this.server = server;
		this.connections = connections;
		this.diagnostics = diagnostics;
		this.interval = interval;
	}

	/**
	 * Adds what is to run after each sample, on the sampling thread; without samples,
	 * once a second.
	 * @param listener must not block
	 */
	public void addListener(Runnable listener) {
		this.listeners.add(listener);
	}

	@EventListener(TcpServerStartedEvent.class)
	synchronized void start() {
		if (this.thread == null) {
			this.thread = Thread.ofPlatform().name("tcp-sampler").daemon().start(this::run);
		}
	}

	@Override
	public synchronized void destroy() {
		this.closed = true;
		LockSupport.unpark(this.thread);
	}

	private void run() {
		while (!this.closed) {
			try {
				if (!this.interval.isZero()) {
					sample();
				}
				this.listeners.forEach(Runnable::run);
			}
			// An OutOfMemoryError, too, must not leave old figures standing
			catch (Throwable ex) {
				warn(ex);
			}
			LockSupport.parkNanos(this, (this.interval.isZero() ? INTERVAL_WITHOUT_SAMPLES : this.interval).toNanos());
		}
	}

	private void warn(Throwable ex) {
		long suppressed = this.failures.tryAcquire();
		if (suppressed >= 0) {
			logger.warn(
					"A sample of the kernel's figures failed; sampling goes on ({} such lines were left out before)",
					suppressed, ex);
		}
	}

	/**
	 * Takes a sample now. One thread at a time.
	 */
	void sample() {
		InetSocketAddress address = this.server.address();
		if (address == null) {
			this.summary = null;
			return;
		}
		Collection<Connection> open = this.connections.connections();
		this.table.begin(open);
		this.rttCount = 0;
		this.receiveQueues = 0;
		this.sendQueues = 0;
		// All at once means a walk through the table of all TCP sockets of the machine
		boolean complete = (open.size() <= FEW && asksSockDiag()) ? addEach(open)
				: this.diagnostics.sample(address.getPort(), this::add) == null;
		this.allRetransmits = this.retransmits;
		this.summary = complete ? summarize() : null;
	}

	private boolean addEach(Collection<Connection> open) {
		for (Connection connection : open) {
			if (this.diagnostics.sample(connection.socketKey(), this::add) != null) {
				return false;
			}
		}
		return true;
	}

	private void add(SocketSample sample) {
		if (!this.table.contains(sample)) {
			return;
		}
		this.receiveQueues += sample.get(TcpInfoField.RECEIVE_QUEUE);
		this.sendQueues += sample.get(TcpInfoField.SEND_QUEUE);
		if (sample.has(TcpInfoField.RETRANSMITS)) {
			this.retransmits += this.table.increase(sample, sample.get(TcpInfoField.RETRANSMITS));
		}
		if (sample.has(TcpInfoField.RTT_MICROS)) {
			if (this.rttCount == this.rtts.length) {
				this.rtts = Arrays.copyOf(this.rtts, this.rttCount * 2);
			}
			this.rtts[this.rttCount++] = sample.get(TcpInfoField.RTT_MICROS);
		}
	}

	private Summary summarize() {
		RoundTripTimes times = null;
		if (this.rttCount > 0) {
			Arrays.sort(this.rtts, 0, this.rttCount);
			times = new RoundTripTimes(this.rtts[0], this.rtts[this.rttCount / 2], this.rtts[this.rttCount - 1]);
		}
		return new Summary(times, this.receiveQueues, this.sendQueues);
	}

	/**
	 * The last sample, summed up.
	 * @return null where there is none
	 */
	@Nullable Summary summary() {
		return this.summary;
	}

	/**
	 * Segments sent again on all connections so far, as far as samples saw it.
	 * @return never less than before
	 */
	long retransmits() {
		return this.allRetransmits;
	}

	/**
	 * Whether the kernel tells retransmits.
	 */
	boolean knowsRetransmits() {
		return !this.interval.isZero() && asksSockDiag();
	}

	// Another source reads all that it has for each question
	private boolean asksSockDiag() {
		return source() == Source.SOCK_DIAG;
	}

	/**
	 * The kernel's figures of one connection, read now.
	 * @param connection an open connection
	 * @return the figures, or why there are none
	 */
	Reading<ConnectionDiagnostics> read(Connection connection) {
		if (this.interval.isZero()) {
			return off();
		}
		return (this.connections.find(connection.id()) != null) ? this.diagnostics.connection(connection.socketKey())
				: new Reading.Unavailable<>("the connection is closed");
	}

	/**
	 * The kernel's figures of all connections, read now.
	 * @return the figures, or why there are none
	 */
	Reading<Map<SocketKey, ConnectionDiagnostics>> readAll() {
		InetSocketAddress address = this.server.address();
		if (this.interval.isZero()) {
			return off();
		}
		if (address == null) {
			return new Reading.Unavailable<>("the server does not listen");
		}
		Map<SocketKey, ConnectionDiagnostics> figures = new HashMap<>();
		String failure = this.diagnostics.sample(address.getPort(),
				(sample) -> figures.put(SocketKey.of(sample), ConnectionDiagnostics.of(sample)));
		return (failure != null) ? new Reading.Unavailable<>(failure) : new Reading.Available<>(figures);
	}

	private static <T> Reading<T> off() {
		return new Reading.Unavailable<>("sampling is off: tcp.server.sampling.interval is 0");
	}

	/**
	 * Where figures come from.
	 * @return the kernel's interface that is asked
	 */
	Source source() {
		return this.diagnostics.source();
	}

	/**
	 * A sample, summed up.
	 *
	 * @param roundTripTimes null where no connection has one
	 * @param receiveQueues bytes received that the process has not read
	 * @param sendQueues bytes sent that no peer has acknowledged
	 */
	record Summary(@Nullable RoundTripTimes roundTripTimes, long receiveQueues, long sendQueues) {
	}

	/**
	 * Smoothed round-trip times over all connections, in microseconds.
	 *
	 * @param min the least
	 * @param median the middle one
	 * @param max the most
	 */
	record RoundTripTimes(long min, long median, long max) {
	}

}
