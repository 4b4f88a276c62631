package io.weir.monitor;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;
import io.weir.connection.LogLimiter;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.Source;
import io.weir.server.TcpServer;

/**
 * Reads the kernel's figures of all connections at an interval, on a platform thread of
 * its own, and sums them up.
 */
public class ConnectionSampler implements AutoCloseable {

	// So many are asked about one by one in the time that an empty table takes to walk
	private static final int FEW = 128;

	private static final Duration MAX_ROUND = Duration.ofSeconds(1);

	private static final Logger logger = LoggerFactory.getLogger(ConnectionSampler.class);

	private final TcpServer server;

	private final ConnectionRegistry connections;

	private final SocketDiagnostics diagnostics;

	private final Duration interval;

	private final Diagnoses diagnoses;

	private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

	private final LogLimiter failures = new LogLimiter();

	// Made once: without memory for one of them its thread would end
	private final Runnable sampling = this::sample;

	private final Consumer<Runnable> running = this::run;

	// The thread's own
	private final SampleSums sums;

	private volatile @Nullable SampleSummary summary;

	private volatile long retransmits;

	private volatile boolean closed;

	private @Nullable Thread thread;

	/**
	 * Creates a sampler, not started.
	 * @param interval how often to sample; zero is never, its listeners run all the same
	 */
	public ConnectionSampler(TcpServer server, ConnectionRegistry connections, SocketDiagnostics diagnostics,
			Duration interval, Diagnoses diagnoses) {
		this.server = server;
		this.connections = connections;
		this.diagnostics = diagnostics;
		this.interval = interval;
		this.diagnoses = diagnoses;
		this.sums = new SampleSums(diagnoses);
	}

	/**
	 * Adds what is to run after each sample and at least once a second, on the sampling
	 * thread.
	 * @param listener must not block
	 */
	public void addListener(Runnable listener) {
		this.listeners.add(listener);
	}

	/**
	 * Starts its thread, the first time it is called.
	 */
	public synchronized void start() {
		if (this.thread == null) {
			this.thread = Thread.ofPlatform().name("tcp-sampler").daemon().start(this::run);
		}
	}

	/**
	 * Ends its thread, after the sample that is under way.
	 */
	@Override
	public synchronized void close() {
		this.closed = true;
		LockSupport.unpark(this.thread);
	}

	private void run() {
		long rest = 0;
		while (!this.closed) {
			boolean due = rest <= 0 && !this.interval.isZero();
			if (due) {
				run(this.sampling);
			}
			this.listeners.forEach(this.running);
			long begin = System.nanoTime();
			rest = due ? this.interval.toNanos() : rest;
			LockSupport.parkNanos(this, (rest > 0) ? Math.min(rest, MAX_ROUND.toNanos()) : MAX_ROUND.toNanos());
			rest -= System.nanoTime() - begin;
		}
	}

	private void run(Runnable step) {
		try {
			step.run();
		}
		// An OutOfMemoryError, too, must not leave old figures standing
		catch (Throwable ex) {
			this.failures.warn(logger, "A sample of the kernel's figures failed; sampling goes on", ex);
		}
	}

	/**
	 * Takes a sample now. One thread at a time.
	 */
	void sample() {
		InetSocketAddress address = this.server.address();
		if (address == null) {
			this.summary = null;
			this.diagnoses.end(false);
			return;
		}
		Collection<Connection> open = this.connections.connections();
		this.sums.begin(open);
		// All at once means a walk through the table of all TCP sockets of the machine
		boolean complete = (open.size() <= FEW && this.diagnostics.source() == Source.SOCK_DIAG) ? sampleEach(open)
				: this.diagnostics.sample(address.getPort(), this.sums::add) == null;
		this.retransmits = this.sums.retransmits();
		this.summary = this.sums.summarize(complete);
	}

	private boolean sampleEach(Collection<Connection> open) {
		for (Connection connection : open) {
			if (this.diagnostics.sample(connection.socketKey(), this.sums::add) != null) {
				return false;
			}
		}
		return true;
	}

	/**
	 * The last sample, summed up.
	 * @return null where there is none
	 */
	public @Nullable SampleSummary summary() {
		return this.summary;
	}

	/**
	 * Segments sent again on all connections so far, as far as samples saw it.
	 * @return never less than before
	 */
	public long retransmits() {
		return this.retransmits;
	}

	/**
	 * Whether retransmits are known.
	 * @return false where sampling is off
	 */
	public boolean knowsRetransmits() {
		return !this.interval.isZero() && this.diagnostics.source() == Source.SOCK_DIAG;
	}

}
