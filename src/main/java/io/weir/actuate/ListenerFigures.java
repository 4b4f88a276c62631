package io.weir.actuate;

import java.net.InetSocketAddress;
import java.util.OptionalDouble;
import java.util.OptionalLong;

import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
import io.weir.kernel.Source;
import io.weir.server.TcpServer;

/**
 * What the kernel says about the listening socket, asked anew each time. Safe for any
 * thread.
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
	Reading<ListenerDiagnostics> read() {
		InetSocketAddress address = this.server.address();
		Reading<ListenerDiagnostics> reading = (address != null) ? this.diagnostics.listener(address)
				: new Reading.Unavailable<>("the server does not listen");
		this.overflows = reading.map(ListenerDiagnostics::overflows)
			.orElse(OptionalLong.empty())
			.orElse(this.overflows);
		return reading;
	}

	/**
	 * Connections that wait to be accepted.
	 * @return empty where the kernel does not say
	 */
	OptionalDouble queueLength() {
		return read().map((figures) -> OptionalDouble.of((double) figures.queueLength()))
			.orElse(OptionalDouble.empty());
	}

	/**
	 * Packets that the listening socket dropped.
	 * @return empty where the kernel does not say
	 */
	OptionalLong overflows() {
		return read().map(ListenerDiagnostics::overflows).orElse(OptionalLong.empty());
	}

	/**
	 * Packets that the listening socket dropped.
	 * @return the last known number
	 */
	double lastOverflows() {
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
