package io.weir.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
import io.weir.connection.SecureSession;
import io.weir.kernel.ConnectionDiagnostics;
import io.weir.kernel.Reading;
import io.weir.kernel.SocketKey;
import io.weir.kernel.TcpInfoField;

/**
 * {@code /actuator/tcpconnections}: the open connections, the largest first, or one of
 * them. Closing one is possible where the operator grants it.
 */
@Endpoint(id = "tcpconnections")
public class TcpConnectionsEndpoint {

	private static final int DEFAULT_LIMIT = 100;

	private final ConnectionRegistry registry;

	private final ConnectionSampler sampler;

	/**
	 * Creates the endpoint.
	 * @param registry the connections
	 * @param sampler reads what the kernel says about them
	 */
	public TcpConnectionsEndpoint(ConnectionRegistry registry, ConnectionSampler sampler) {
		this.registry = registry;
		this.sampler = sampler;
	}

	@ReadOperation
	ConnectionsBody connections(@Nullable Integer limit, @Nullable Sort sort) {
		int max = (limit != null) ? limit : DEFAULT_LIMIT;
		if (max < 0) {
			throw new InvalidEndpointRequestException("limit is " + max, "limit must not be negative");
		}
		Sort order = (sort != null) ? sort : Sort.BYTES;
		Reading<Map<SocketKey, ConnectionDiagnostics>> figures = this.sampler.readAll();
		Instant now = Instant.now();
		long nanoTime = System.nanoTime();
		// Sorted by what was read once: the live figures change under the sort
		List<ConnectionBody> connections = this.registry.connections()
			.stream()
			.map((connection) -> order.keyed(connection, figuresOf(connection, figures), nanoTime))
			.sorted()
			.limit(max)
			.map((keyed) -> body(keyed.connection(), now, keyed.figures()))
			.toList();
		return new ConnectionsBody(this.registry.active(), connections);
	}

	@ReadOperation
	@Nullable ConnectionBody connection(@Selector String id) {
		Connection connection = find(id);
		return (connection != null) ? body(connection, Instant.now(), this.sampler.read(connection)) : null;
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

	private static Reading<ConnectionDiagnostics> figuresOf(Connection connection,
			Reading<Map<SocketKey, ConnectionDiagnostics>> all) {
		return all.flatMap((figures) -> {
			ConnectionDiagnostics own = figures.get(connection.socketKey());
			return (own != null) ? new Reading.Available<>(own)
					: new Reading.Unavailable<>("the kernel has no such connection (any more)");
		});
	}

	private ConnectionBody body(Connection connection, Instant sampledAt, Reading<ConnectionDiagnostics> figures) {
		return new ConnectionBody(Long.toString(connection.id()), connection.peerText(), connection.state().text(),
				connection.openedAt(), connection.idleFor(), connection.bytesReceived(), connection.bytesSent(),
				connection.records(), TlsBody.of(connection.session()), sampledAt,
				figures.fold(this::kernel, UnavailableBody::new));
	}

	private Object kernel(ConnectionDiagnostics figures) {
		Map<String, Object> kernel = new LinkedHashMap<>();
		kernel.put("source", this.sampler.source().text());
		kernel.put("state", figures.state().name());
		figures.figures().forEach((figure, value) -> kernel.put(figure.key(), value));
		String congestionControl = figures.congestionControl();
		if (congestionControl != null) {
			kernel.put("congestionControl", congestionControl);
		}
		return kernel;
	}

	/**
	 * The orders of the list, all downwards.
	 */
	enum Sort {

		BYTES, AGE, IDLE, RTT, RETRANSMITS;

		private Keyed keyed(Connection connection, Reading<ConnectionDiagnostics> figures, long nanoTime) {
			long key = switch (this) {
				case BYTES -> connection.bytesReceived() + connection.bytesSent();
				// Numbered in the order of their beginning
				case AGE -> -connection.id();
				case IDLE -> nanoTime - connection.progressNanos();
				case RTT -> figure(figures, TcpInfoField.RTT_MICROS);
				case RETRANSMITS -> figure(figures, TcpInfoField.RETRANSMITS);
			};
			return new Keyed(key, connection, figures);
		}

		private static long figure(Reading<ConnectionDiagnostics> reading, TcpInfoField figure) {
			return reading.map((figures) -> figures.get(figure).orElse(-1)).orElse(-1L);
		}

	}

	/**
	 * A connection with what it is sorted by.
	 */
	private record Keyed(long key, Connection connection,
			Reading<ConnectionDiagnostics> figures) implements Comparable<Keyed> {

		@Override
		public int compareTo(Keyed other) {
			return Long.compare(other.key, this.key);
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
