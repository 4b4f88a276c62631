package io.weir.monitor;

import org.jspecify.annotations.Nullable;
import io.weir.tls.TlsStatus;
import io.weir.connection.ConnectionRegistry.Totals;
import java.time.Duration;
import java.util.List;

import io.weir.kernel.KernelEvents;
import io.weir.kernel.KernelLimits;
import io.weir.kernel.Reading;
import io.weir.kernel.Source;
import io.weir.server.ServerStatus;

/**
 * All that is known about a server, of one moment.
 *
 * @param server what it is doing, and its settings as requested and as granted
 * @param acceptQueue what the kernel says about its listening socket
 * @param source where that comes from
 * @param fullFor for how long all places have been taken while newcomers wait
 * @param connections how many connections there are and were
 * @param records what became of their records
 * @param tls what protects new connections; null if nothing does
 * @param limits the kernel's limits
 * @param events the kernel's event counters
 * @param findings what an operator should know
 * @param verdict what a client meets that connects now, and why
 * @param diagnosed how many connections are slow now; null where that is not known
 */
public record ServerSnapshot(ServerStatus server, Reading<AcceptQueue> acceptQueue, Source source, Duration fullFor,
		Totals connections, RecordTotals records, @Nullable TlsStatus tls, KernelLimits limits, KernelEvents events,
		List<Finding> findings, String verdict, Diagnoses.@Nullable Counts diagnosed) {
}
