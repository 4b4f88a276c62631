package io.weir.actuate;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import org.jspecify.annotations.Nullable;

import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.kernel.KernelEvents;
import io.weir.kernel.Source;
import io.weir.monitor.Diagnoses;
import io.weir.monitor.Finding;
import io.weir.monitor.RecordTotals;
import io.weir.monitor.ServerSnapshot;
import io.weir.server.ServerStatus;
import io.weir.tls.TlsStatus;

/**
 * What {@code /actuator/tcpserver} answers.
 */
@JsonInclude(Include.ALWAYS)
record TcpServerBody(String state, @Nullable String address, String protocol, String protocolSource,
		@Nullable Instant startedAt, SettingBody.@Nullable All settings, Object acceptQueue, Connections connections,
		RecordTotals records, String verdict, Map<String, Integer> diagnosis, Map<String, Object> kernel, Object events,
		boolean closeAllowed, SampleBody sample, @Nullable Ssl ssl, List<Finding> findings) {

	static TcpServerBody of(ServerSnapshot snapshot, SampleBody sample, boolean closeAllowed) {
		ServerStatus server = snapshot.server();
		return new TcpServerBody(server.state().text(), server.addressText(), server.protocol(),
				server.protocolSource().text(), server.startedAt(),
				(server.settings() != null) ? SettingBody.All.of(server.settings()) : null,
				snapshot.acceptQueue()
					.<Object>fold((figures) -> AcceptQueue.of(figures, snapshot.source()), UnavailableBody::new),
				Connections.of(snapshot.connections()), snapshot.records(), snapshot.verdict(),
				diagnosis(snapshot.diagnosed()), KernelBody.of(snapshot.limits()), events(snapshot.events()),
				closeAllowed, sample, Ssl.of(snapshot.tls()), snapshot.findings());
	}

	private static Map<String, Integer> diagnosis(Diagnoses.@Nullable Counts counts) {
		Map<String, Integer> body = new LinkedHashMap<>();
		if (counts != null) {
			counts.causes().forEach((cause, count) -> {
				if (count > 0) {
					body.put(cause.text(), count);
				}
			});
		}
		return body;
	}

	private static Object events(KernelEvents events) {
		String reason = events.reason();
		return (events.counters().isEmpty() && reason != null) ? new UnavailableBody(reason) : events.counters();
	}

	@JsonInclude(Include.ALWAYS)
	record AcceptQueue(long length, @Nullable Long limit, @Nullable Long overflows, @Nullable Long drops,
			String source) {

		static AcceptQueue of(io.weir.monitor.AcceptQueue figures, Source source) {
			return new AcceptQueue(figures.length(), boxed(figures.limit()), boxed(figures.overflows()),
					boxed(figures.drops()), source.text());
		}

		private static @Nullable Long boxed(OptionalLong number) {
			return number.isPresent() ? number.getAsLong() : null;
		}

	}

	record Connections(long active, long accepted, Map<String, Long> closed, Map<String, Long> rejected,
			long bytesReceived, long bytesSent) {

		static Connections of(Totals totals) {
			Map<String, Long> closed = new LinkedHashMap<>();
			totals.closed().forEach((reason, count) -> closed.put(reason.text(), count));
			Map<String, Long> rejected = new LinkedHashMap<>();
			totals.rejected().forEach((reason, count) -> rejected.put(reason.text(), count));
			return new Connections(totals.active(), totals.accepted(), closed, rejected, totals.bytesReceived(),
					totals.bytesSent());
		}

	}

	record Ssl(String bundle, String subject, Instant notAfter) {

		static @Nullable Ssl of(@Nullable TlsStatus tls) {
			return (tls != null) ? new Ssl(tls.bundle(), tls.certificate().subject(), tls.certificate().notAfter())
					: null;
		}

	}

}
