package io.weir.actuate;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

import io.weir.monitor.ConnectionSampler;
import io.weir.monitor.OpenConnections;
import io.weir.monitor.ServerMonitor;

/**
 * {@code /actuator/tcpserver}: the listener, its settings as requested and as granted,
 * and the kernel's limits.
 */
@Endpoint(id = "tcpserver", defaultAccess = Access.READ_ONLY)
public class TcpServerEndpoint {

	private final ServerMonitor monitor;

	private final ConnectionSampler sampler;

	private final OpenConnections connections;

	private final boolean closeAllowed;

	/**
	 * Creates the endpoint.
	 * @param closeAllowed whether the operator granted closing a connection
	 */
	public TcpServerEndpoint(ServerMonitor monitor, ConnectionSampler sampler, OpenConnections connections,
			boolean closeAllowed) {
		this.monitor = monitor;
		this.sampler = sampler;
		this.connections = connections;
		this.closeAllowed = closeAllowed;
	}

	@ReadOperation
	TcpServerBody tcpServer() {
		return TcpServerBody.of(this.monitor.snapshot(), SampleBody.of(this.sampler, this.connections),
				this.closeAllowed);
	}

}
