package io.weir.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
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

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.ConnectionRegistry;

/**
 * {@code /actuator/tcpconnections}: the open connections, the largest first, or one of
 * them. Closing one is possible where the operator grants it.
 */
@Endpoint(id = "tcpconnections")
public class TcpConnectionsEndpoint {

	private static final int DEFAULT_LIMIT = 100;

	private final ConnectionRegistry registry;

	/**
	 * Creates the endpoint.
	 * @param registry the connections
	 */
	public TcpConnectionsEndpoint(ConnectionRegistry registry) {
		this.registry = registry;
	}

	@ReadOperation
	ConnectionsBody connections(@Nullable Integer limit, @Nullable Sort sort) {
		int most = (limit != null) ? limit : DEFAULT_LIMIT;
		if (most < 0) {
			throw new InvalidEndpointRequestException("limit is " + most, "limit must not be negative");
		}
		// Sorted by what was read once: the live figures change under the sort
		List<ConnectionBody> connections = this.registry.connections()
			.stream()
			.map(ConnectionBody::of)
			.sorted(((sort != null) ? sort : Sort.BYTES).order())
			.limit(most)
			.toList();
		return new ConnectionsBody(this.registry.active(), connections);
	}

	@ReadOperation
	@Nullable ConnectionBody connection(@Selector String id) {
		Connection connection = find(id);
		return (connection != null) ? ConnectionBody.of(connection) : null;
	}

	@DeleteOperation
	WebEndpointResponse<Void> close(@Selector String id) {
		Connection connection = find(id);
		boolean closed = connection != null && connection.end(CloseReason.CLOSED_BY_OPERATOR);
		return new WebEndpointResponse<>(
				closed ? WebEndpointResponse.STATUS_NO_CONTENT : WebEndpointResponse.STATUS_NOT_FOUND);
	}

	private @Nullable Connection find(String id) {
		try {
			return this.registry.find(Long.parseLong(id));
		}
		catch (NumberFormatException ex) {
			return null;
		}
	}

	/**
	 * The orders of the list, all downwards.
	 */
	enum Sort {

		BYTES, AGE, IDLE;

		private Comparator<ConnectionBody> order() {
			return switch (this) {
				case BYTES -> Comparator.comparingLong((connection) -> -connection.bytes());
				case AGE -> Comparator.comparing(ConnectionBody::openedAt);
				case IDLE -> Comparator.comparing(ConnectionBody::idleFor).reversed();
			};
		}

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
			long bytesSent, long records, @Nullable Object tls) {

		private long bytes() {
			return this.bytesReceived + this.bytesSent;
		}

		static ConnectionBody of(Connection connection) {
			return new ConnectionBody(Long.toString(connection.id()), connection.peerText(), connection.state().text(),
					connection.openedAt(), connection.idleFor(), connection.bytesReceived(), connection.bytesSent(),
					connection.records(), null);
		}

	}

}
