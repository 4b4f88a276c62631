package io.weir.monitor;

import io.weir.connection.ConnectionRegistry;
import io.weir.connection.ConnectionRegistry.Totals;
import io.weir.kernel.ProcReader;
import io.weir.kernel.Reading;
import io.weir.records.RecordCounts;
import io.weir.records.RecordSinks;
import io.weir.server.ServerStatus;
import io.weir.server.TcpServer;

/**
 * Knows a server: what health, endpoints and meters show comes from here. Safe for any
 * thread.
 */
public class ServerMonitor {

	private final TcpServer server;

	private final ConnectionRegistry connections;

	private final ListenerFigures listener;

	private final ProcReader proc;

	private final Findings findings;

	private final Diagnoses diagnoses;

	private final RecordSinks records;

	public ServerMonitor(TcpServer server, ConnectionRegistry connections, ListenerFigures listener, ProcReader proc,
			Findings findings, Diagnoses diagnoses, RecordSinks records) {
		this.server = server;
		this.connections = connections;
		this.listener = listener;
		this.proc = proc;
		this.findings = findings;
		this.diagnoses = diagnoses;
		this.records = records;
	}

	/**
	 * Everything, which asks the kernel.
	 */
	public ServerSnapshot snapshot() {
		ServerStatus status = status();
		RecordCounts counts = this.records.counts();
		Totals totals = totals();
		Reading<AcceptQueue> acceptQueue = this.listener.read();
		return new ServerSnapshot(status, acceptQueue, this.listener.source(),
				this.findings.fullFor(status, acceptQueue), totals, RecordTotals.of(counts, totals, this.records),
				this.findings.tls(), this.proc.limits(), this.proc.events(), this.findings.current(status, acceptQueue),
				Verdict.of(status, acceptQueue), this.diagnoses.counts());
	}

	/**
	 * What the server is doing.
	 * @return as things are now; the kernel is asked for nothing but its limits, and at
	 * most once a second
	 */
	public ServerStatus status() {
		return this.server.status().withLimits(this.proc.limits());
	}

	/**
	 * How many connections are open.
	 * @return those being closed included
	 */
	public int activeConnections() {
		return this.connections.active();
	}

	/**
	 * What became of all records so far.
	 */
	public RecordTotals records() {
		RecordCounts counts = this.records.counts();
		return RecordTotals.of(counts, totals(), this.records);
	}

	/**
	 * Sums over all connections so far.
	 * @return no sum is less than in an earlier call
	 */
	public Totals totals() {
		return this.connections.totals();
	}

}
