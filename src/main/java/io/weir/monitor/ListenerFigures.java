package io.weir.monitor;

import java.net.InetSocketAddress;
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

	private final TcpServer server;

	private final SocketDiagnostics diagnostics;

	private final ProcReader proc;

	// Guarded by this
	private final OverflowCounter counter = new OverflowCounter();

	// Guarded by this
	private @Nullable Instant startedAt;

	/**
	 * Creates the figures of a server's listening socket.
	 * @param server the server, best not started yet: an overflow before the first
	 * reading is seen then
	 * @param diagnostics asks the kernel
	 * @param proc the network namespace's event counters
	 */
	public ListenerFigures(TcpServer server, SocketDiagnostics diagnostics, ProcReader proc) {
		this.server = server;
		this.diagnostics = diagnostics;
		this.proc = proc;
		proc.readListenOverflows().ifPresent(this.counter::begin);
	}

	/**
	 * Asks the kernel.
	 * @return the figures now, or why there are none
	 */
	public synchronized Reading<AcceptQueue> read() {
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

	/**
	 * How often newcomers found the accept queue full.
	 * @return the last known number, never less than before
	 */
	public synchronized double overflows() {
		read();
		return this.counter.overflows();
	}

	/**
	 * How many packets the listening socket has dropped for any reason.
	 * @return the last known number, never less than before
	 */
	public synchronized double drops() {
		read();
		return this.counter.drops();
	}

	/**
	 * Where figures come from.
	 * @return the kernel's interface that is asked
	 */
	Source source() {
		return this.diagnostics.source();
	}

}
