package io.weir.actuate;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.core.io.InputStreamResource;
import org.springframework.util.MimeTypeUtils;

import io.weir.connection.CloseReason;
import io.weir.connection.Connection;
import io.weir.connection.RejectReason;
import io.weir.monitor.ClosedConnection;
import io.weir.monitor.ConnectionHistory;
import io.weir.monitor.ConnectionOrder;
import io.weir.monitor.Listing;
import io.weir.monitor.ObservedConnection;
import io.weir.monitor.OpenConnections;
import io.weir.transport.AddressPrefix;

/**
 * {@code /actuator/tcpconnections}: the open connections, the largest first, or one of
 * them; with {@code state=closed} those that ended, the newest first. Closing one is
 * possible where the operator grants it.
 */
@Endpoint(id = "tcpconnections", defaultAccess = Access.READ_ONLY)
public class TcpConnectionsEndpoint {

	private static final int DEFAULT_LIMIT = 100;

	private static final Set<String> REASONS = Stream
		.concat(Arrays.stream(CloseReason.values()).map(CloseReason::text),
				Arrays.stream(RejectReason.values()).map(RejectReason::text))
		.collect(Collectors.toUnmodifiableSet());

	private final OpenConnections connections;

	private final ConnectionHistory history;

	public TcpConnectionsEndpoint(OpenConnections connections, ConnectionHistory history) {
		this.connections = connections;
		this.history = history;
	}

	/**
	 * Which connections are listed.
	 */
	enum Listed {

		OPEN, CLOSED

	}

	// The text of a parameter, not its type, where the answer is to name what is valid
	@ReadOperation
	WebEndpointResponse<InputStreamResource> connections(@Nullable Listed state, @Nullable ConnectionOrder sort,
			@Nullable String reason, @Nullable String peer, @Nullable Integer limit, @Nullable Boolean diagnosed) {
		int max = (limit != null) ? limit : DEFAULT_LIMIT;
		if (max < 0) {
			throw invalid("limit: %d is negative".formatted(max));
		}
		AddressPrefix prefix = prefix(peer);
		return (state == Listed.CLOSED) ? closed(sort, reason, prefix, max, diagnosed)
				: open(sort, reason, prefix, max, Boolean.TRUE.equals(diagnosed));
	}

	private WebEndpointResponse<InputStreamResource> open(@Nullable ConnectionOrder sort, @Nullable String reason,
			@Nullable AddressPrefix prefix, int max, boolean diagnosed) {
		if (reason != null) {
			throw invalid("reason: goes with state=closed only");
		}
		ConnectionOrder order = (sort != null) ? sort : ConnectionOrder.BYTES;
		Predicate<Connection> filter = (
				connection) -> (prefix == null || prefix.contains(connection.peer().getAddress()))
						&& (!diagnosed || this.connections.isSlow(connection));
		return list(() -> this.connections.list(order, filter, max), this::body);
	}

	private WebEndpointResponse<InputStreamResource> closed(@Nullable ConnectionOrder sort, @Nullable String reason,
			@Nullable AddressPrefix prefix, int max, @Nullable Boolean diagnosed) {
		if (diagnosed != null) {
			throw invalid("diagnosed: does not go with state=closed");
		}
		if (sort != null) {
			throw invalid("sort: does not go with state=closed, which is sorted by time");
		}
		String text = (reason != null) ? reason.toLowerCase(Locale.ROOT) : null;
		if (text != null && !REASONS.contains(text)) {
			throw invalid("reason: '%s' is none of %s".formatted(reason,
					REASONS.stream().sorted().collect(Collectors.joining(", "))));
		}
		Predicate<ClosedConnection> filter = (connection) -> (text == null || text.equals(connection.reason()))
				&& (prefix == null || prefix.contains(connection.peer().getAddress()));
		return list(() -> {
			List<ClosedConnection> found = this.history.find(filter);
			return new Listing<>(found.size(), found.stream().limit(max).iterator());
		}, ClosedConnectionBody::of);
	}

	private static @Nullable AddressPrefix prefix(@Nullable String peer) {
		try {
			return (peer != null) ? AddressPrefix.parse(peer) : null;
		}
		catch (IllegalArgumentException ex) {
			throw invalid("peer: '%s' %s".formatted(peer, ex.getMessage()));
		}
	}

	private static InvalidEndpointRequestException invalid(String message) {
		return new InvalidEndpointRequestException(message, message);
	}

	private static <T> WebEndpointResponse<InputStreamResource> list(Supplier<Listing<T>> listing,
			Function<T, Object> body) {
		// The web server knows no type of a stream, and takes any that the client would
		return new WebEndpointResponse<>(new InputStreamResource(new ListStream<>(listing, body)),
				MimeTypeUtils.APPLICATION_JSON);
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
		return ConnectionBody.of(observed, this.connections.source());
	}

}
