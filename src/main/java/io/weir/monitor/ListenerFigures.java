package io.weir.monitor;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.ProcReader;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.Source;
import io.weir.server.TcpServer;

/**
 * The kernel's figures of the listening socket, read at each call. All who ask share one
 * count of overflows, see {@link OverflowCounter}. Safe for any thread.
 */
public class ListenerFigures {

	private static final long FRESH_NANOS = Duration.ofMillis(100).toNanos();

	private final TcpServer server;

	private final SocketDiagnostics diagnostics;

	private final ProcReader proc;

	// Guarded by this
	private final OverflowCounter counter = new OverflowCounter();

	// Guarded by this
	private @Nullable Instant startedAt;

	// Guarded by this
	private long readAt = System.nanoTime() - FRESH_NANOS;

	/**
	 * Creates the figures of a server's listening socket.
	 * @param server the server, best not started yet: an overflow before the first
	 * reading is seen then
	 */
	public ListenerFigures(TcpServer server, SocketDiagnostics diagnostics, ProcReader proc) {
		this.server = server;
		this.diagnostics = diagnostics;
		this.proc = proc;
		proc.readListenOverflows().ifPresent(this.counter::begin);
	}

	/**
	 * Asks the kernel.
	 */
	public synchronized Reading<AcceptQueue> read() {
		this.readAt = System.nanoTime();
		InetSocketAddress address = this.server.address();
		Instant start = this.server.status().startedAt();
		if (address == null || start == null) {
			return new Reading.Unavailable<>("the server does not listen");
		}
		if (!start.equals(this.startedAt)) {
			this.startedAt = start;
			this.counter.restart();
		}
		return this.diagnostics.listener(address).map(this::count);
	}

	private AcceptQueue count(ListenerDiagnostics figures) {
		if (figures.drops().isEmpty()) {
			return new AcceptQueue(figures.queueLength(), figures.queueLimit(), OptionalLong.empty(),
					OptionalLong.empty());
		}
		OptionalLong events = this.proc.readListenOverflows();
		if (events.isPresent()) {
			this.counter.read(figures.drops().getAsLong(), events.getAsLong());
		}
		else {
			this.counter.readDrops(figures.drops().getAsLong());
		}
		return new AcceptQueue(figures.queueLength(), figures.queueLimit(),
				events.isPresent() ? OptionalLong.of(this.counter.overflows()) : OptionalLong.empty(),
				OptionalLong.of(this.counter.drops()));
	}

	// A scrape asks for both, and has asked for the queue's length before
	private void refresh() {
		if (System.nanoTime() - this.readAt > FRESH_NANOS) {
			read();
		}
	}

	/**
	 * How often newcomers found the accept queue full.
	 * @return the last known number, never less than before
	 */
	public synchronized double overflows() {
		refresh();
		return this.counter.overflows();
	}

	/**
	 * How many packets the listening socket has dropped for any reason.
	 * @return the last known number, never less than before
	 */
	public synchronized double drops() {
		refresh();
		return this.counter.drops();
	}

	/**
	 * Where figures come from.
	 */
	Source source() {
		return this.diagnostics.source();
	}

}
