package io.weir.actuate;

import java.time.Duration;
import java.time.Instant;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import org.jspecify.annotations.Nullable;

import io.weir.connection.Connection;
import io.weir.kernel.Source;
import io.weir.monitor.ObservedConnection;
import io.weir.transport.SocketAddresses;

/**
 * What is told of an open connection.
 */
@JsonInclude(Include.ALWAYS)
record ConnectionBody(String id, String peer, @Nullable String via, String state, Instant openedAt, Duration idleFor,
		long bytesReceived, long bytesSent, long records, @Nullable TlsBody tls, @Nullable DiagnosisBody diagnosis,
		Instant sampledAt, Object kernel) {

	static ConnectionBody of(ObservedConnection observed, Source source) {
		Connection connection = observed.connection();
		return new ConnectionBody(Long.toString(connection.id()), connection.peerText(),
				SocketAddresses.textOrNull(connection.via()), connection.state().text(), connection.openedAt(),
				connection.idleFor(), connection.bytesReceived(), connection.bytesSent(), connection.records(),
				TlsBody.of(connection.session()), DiagnosisBody.of(observed.diagnosis()), observed.sampledAt(),
				KernelBody.of(observed.figures(), source));
	}

}
