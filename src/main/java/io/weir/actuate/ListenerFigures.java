package io.weir.actuate;

import java.net.InetSocketAddress;
import java.util.OptionalDouble;

import org.jspecify.annotations.Nullable;

import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketDiagnostics;
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
		if (reading instanceof Reading.Available<ListenerDiagnostics>(var figures)) {
			this.overflows = figures.overflows().orElse(this.overflows);
		}
		return reading;
	}

	/**
	 * Asks the kernel.
	 * @return null where it does not say
	 */
	@Nullable ListenerDiagnostics known() {
		return (read() instanceof Reading.Available<ListenerDiagnostics>(var figures)) ? figures : null;
	}

	/**
	 * Connections that wait to be accepted.
	 * @return empty where the kernel does not say
	 */
	OptionalDouble queueLength() {
		ListenerDiagnostics figures = known();
		return (figures != null) ? OptionalDouble.of((double) figures.queueLength()) : OptionalDouble.empty();
	}

	/**
	 * Whether the kernel tells overflows.
	 * @return whether there is a number
	 */
	boolean knowsOverflows() {
		ListenerDiagnostics figures = known();
		return figures != null && figures.overflows().isPresent();
	}

	/**
	 * Packets that the listening socket dropped.
	 * @return the last known number
	 */
	double overflows() {
		read();
		return this.overflows;
	}

	/**
	 * Where figures come from.
	 * @return for instance {@code sock_diag}
	 */
	String source() {
		return this.diagnostics.source();
	}

}
