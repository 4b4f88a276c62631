package io.weir.actuate;

import java.time.Duration;
import java.time.Instant;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import org.jspecify.annotations.Nullable;

import io.weir.monitor.ClosedConnection;
import io.weir.transport.SocketAddresses;

/**
 * What is told of a connection that ended or was refused. One that was refused before it
 * had a number has no id.
 */
@JsonInclude(Include.ALWAYS)
record ClosedConnectionBody(@Nullable String id, String peer, @Nullable String via, String reason,
		@Nullable String detail, Instant openedAt, Instant closedAt, Duration duration, long bytesReceived,
		long bytesSent, long records, @Nullable TlsBody tls, @Nullable Long rttMicros, @Nullable Long retransmits,
		@Nullable DiagnosisBody diagnosis) {

	static ClosedConnectionBody of(ClosedConnection closed) {
		return new ClosedConnectionBody((closed.id() != 0) ? Long.toString(closed.id()) : null,
				SocketAddresses.text(closed.peer()), SocketAddresses.textOrNull(closed.via()), closed.reason(),
				closed.detail(), closed.openedAt(), closed.closedAt(), closed.duration(), closed.bytesReceived(),
				closed.bytesSent(), closed.records(), TlsBody.of(closed.session()), known(closed.rttMicros()),
				known(closed.retransmits()), DiagnosisBody.of(closed.diagnosis()));
	}

	private static @Nullable Long known(long figure) {
		return (figure >= 0) ? figure : null;
	}

}
