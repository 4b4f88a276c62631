package io.weir.monitor;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;

import org.jspecify.annotations.Nullable;

import io.weir.connection.Connection;
import io.weir.transport.SecureSession;

/**
 * What is remembered of a connection that ended or was refused.
 *
 * @param id its number; 0 if it was refused before it had one
 * @param peer the client's address and port
 * @param via the proxy's; null if the client came itself
 * @param reason the close or reject reason, as endpoints show it
 * @param detail what failed, escaped and cut; null if nothing did
 * @param openedAt when it was accepted
 * @param closedAt when it was closed, by the clock of that moment: differs from
 * {@code openedAt} plus the duration if the clock was set meanwhile
 * @param openNanos for how long it was open
 * @param closedNanos when it was closed, as of {@link System#nanoTime()}
 * @param bytesReceived bytes read
 * @param bytesSent bytes written
 * @param records records unpacked
 * @param session what protected its bytes; null if nothing did
 * @param rttMicros smoothed round-trip time of the last sample; -1 without one
 * @param retransmits segments sent again as of the last sample; -1 without one
 * @param diagnosis why it was slow as of the last sample before its end; null if nothing
 * held it up
 */
public record ClosedConnection(long id, InetSocketAddress peer, @Nullable InetSocketAddress via, String reason,
		@Nullable String detail, Instant openedAt, Instant closedAt, long openNanos, long closedNanos,
		long bytesReceived, long bytesSent, long records, @Nullable SecureSession session, long rttMicros,
		long retransmits, @Nullable Diagnosis diagnosis) {

	static ClosedConnection of(Connection connection, String reason, @Nullable Diagnosis diagnosis) {
		return new ClosedConnection(connection.id(), connection.peer(), connection.via(), reason,
				connection.causeText(), connection.openedAt(), Instant.now(), connection.age().toNanos(),
				System.nanoTime(), connection.bytesReceived(), connection.bytesSent(), connection.records(),
				connection.session(), connection.lastRttMicros(), connection.lastRetransmits(), diagnosis);
	}

	static ClosedConnection refused(InetSocketAddress peer, String reason) {
		Instant now = Instant.now();
		return new ClosedConnection(0, peer, null, reason, null, now, now, 0, System.nanoTime(), 0, 0, 0, null, -1, -1,
				null);
	}

	/**
	 * For how long it was open.
	 */
	public Duration duration() {
		return Duration.ofNanos(this.openNanos);
	}

}
