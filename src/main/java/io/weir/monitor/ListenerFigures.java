package io.weir.monitor;

import java.net.InetSocketAddress;
import java.util.OptionalLong;

import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.Source;
import io.weir.server.TcpServer;

/**
 * The kernel's figures of the listening socket, read at each call. Safe for any thread.
 */
public class ListenerFigures {

	private final TcpServer server;

	private final SocketDiagnostics diagnostics;

	private volatile long overflows;

	/**
	 * Creates the figures of a server's listening socket.
	 * @param server the server
	 * @param diagnostics asks the kernel
	 */
	public ListenerFigures(TcpServer server, SocketDiagnostics diagnostics) {
		this.server = server;
		this.diagnostics = diagnostics;
	}

	/**
	 * Asks the kernel.
	 * @return the figures now, or why there are none
	 */
	public Reading<ListenerDiagnostics> read() {
		InetSocketAddress address = this.server.address();
		Reading<ListenerDiagnostics> reading = (address != null) ? this.diagnostics.listener(address)
				: new Reading.Unavailable<>("the server does not listen");
		this.overflows = overflows(reading).orElse(this.overflows);
		return reading;
	}

	/**
	 * Packets that the listening socket dropped.
	 * @return empty where the kernel does not say
	 */
	public OptionalLong overflows() {
		return overflows(read());
	}

	static OptionalLong overflows(Reading<ListenerDiagnostics> reading) {
		return reading.map(ListenerDiagnostics::overflows).orElse(OptionalLong.empty());
	}

	/**
	 * Packets that the listening socket dropped.
	 * @return the last known number
	 */
	public double lastOverflows() {
		read();
		return this.overflows;
	}

	/**
	 * Where figures come from.
	 * @return the kernel's interface that is asked
	 */
	Source source() {
		return this.diagnostics.source();
	}

}
