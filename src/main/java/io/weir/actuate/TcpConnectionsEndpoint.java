package io.weir.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

import io.weir.connection.Connection;
import io.weir.transport.SecureSession;
import io.weir.monitor.ConnectionOrder;
import io.weir.monitor.OpenConnections;
import io.weir.monitor.ObservedConnection;

/**
 * {@code /actuator/tcpconnections}: the open connections, the largest first, or one of
 * them. Closing one is possible where the operator grants it.
 */
@Endpoint(id = "tcpconnections")
public class TcpConnectionsEndpoint {

	private static final int DEFAULT_LIMIT = 100;

	private final OpenConnections connections;

	/**
	 * Creates the endpoint.
	 * @param connections the connections
	 */
	public TcpConnectionsEndpoint(OpenConnections connections) {
		this.connections = connections;
	}

	@ReadOperation
	ConnectionsBody connections(@Nullable Integer limit, @Nullable ConnectionOrder sort) {
		int max = (limit != null) ? limit : DEFAULT_LIMIT;
		if (max < 0) {
			throw new InvalidEndpointRequestException("limit is " + max, "limit must not be negative");
		}
		ConnectionOrder order = (sort != null) ? sort : ConnectionOrder.BYTES;
		List<ConnectionBody> bodies = this.connections.list(order, max).stream().map(this::body).toList();
		return new ConnectionsBody(this.connections.all().size(), bodies);
	}

	@ReadOperation
	@Nullable ConnectionBody connection(@Selector String id) {
		ObservedConnection observed = this.connections.find(id);
		return (observed != null) ? body(observed) : null;
	}

	@DeleteOperation
	WebEndpointResponse<Void> close(@Selector String id) {
		return new WebEndpointResponse<>(this.connections.close(id) ? WebEndpointResponse.STATUS_NO_CONTENT
				: WebEndpointResponse.STATUS_NOT_FOUND);
	}

	private ConnectionBody body(ObservedConnection observed) {
		Connection connection = observed.connection();
		return new ConnectionBody(Long.toString(connection.id()), connection.peerText(), connection.state().text(),
				connection.openedAt(), connection.idleFor(), connection.bytesReceived(), connection.bytesSent(),
				connection.records(), TlsBody.of(connection.session()), observed.sampledAt(),
				KernelBody.of(observed.figures(), this.connections.source()));
	}

	/**
	 * What the list answers.
	 *
	 * @param total how many connections are open
	 * @param connections the first of them
	 */
	record ConnectionsBody(int total, List<ConnectionBody> connections) {
	}

	/**
	 * What is told of a connection.
	 */
	@JsonInclude(Include.ALWAYS)
	record ConnectionBody(String id, String peer, String state, Instant openedAt, Duration idleFor, long bytesReceived,
			long bytesSent, long records, @Nullable TlsBody tls, Instant sampledAt, Object kernel) {
	}

	/**
	 * What is told of a connection's TLS; without a client's certificate the subject is
	 * null.
	 */
	@JsonInclude(Include.ALWAYS)
	record TlsBody(String protocol, String cipherSuite, @Nullable String peerSubject) {

		private static @Nullable TlsBody of(@Nullable SecureSession session) {
			return (session != null) ? new TlsBody(session.protocol(), session.cipherSuite(), session.peerSubject())
					: null;
		}

	}

}
