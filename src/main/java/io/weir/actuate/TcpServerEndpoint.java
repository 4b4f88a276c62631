package io.weir.actuate;

import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

import io.weir.monitor.ServerMonitor;

/**
 * {@code /actuator/tcpserver}: the listener, its settings as requested and as granted,
 * and the kernel's limits.
 */
@Endpoint(id = "tcpserver")
public class TcpServerEndpoint {

	private final ServerMonitor monitor;

	/**
	 * Creates the endpoint.
	 * @param monitor knows the server
	 */
	public TcpServerEndpoint(ServerMonitor monitor) {
		this.monitor = monitor;
	}

	@ReadOperation
	TcpServerBody tcpServer() {
		return TcpServerBody.of(this.monitor.snapshot());
	}

}
