package io.weir.monitor;

import org.jspecify.annotations.Nullable;
import io.weir.tls.TlsStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.connection.ConnectionRegistry;
import io.weir.kernel.ProcReader;
import io.weir.kernel.Reading;
import io.weir.records.RecordSinks;
import io.weir.server.EffectiveSettings;
import io.weir.server.ServerStatus;
import io.weir.server.TcpServer;

/**
 * What is clamped, does not fit together, or has just gone wrong, each with what was
 * measured and a remedy. A finding goes away when its evidence does; of an event, five
 * minutes after the last one. Safe for any thread.
 */
public class Findings {

	private static final Logger logger = LoggerFactory.getLogger(Findings.class);

	private final TcpServer server;

	private final ListenerFigures listener;

	private final ProcReader proc;

	private final Supplier<@Nullable TlsStatus> tls;

	private final List<Evidence.Rule> rules;

	private final FullTime fullTime;

	// Guarded by itself
	private final Set<FindingKind> logged = EnumSet.noneOf(FindingKind.class);

	/**
	 * Creates the findings of a server.
	 * @param tls reads what protects its connections; null if nothing does
	 * @param chunkBytes how long a chunk is; 0 if the protocol has none
	 * @param recordBytes how long a record is; 0 if the protocol has none
	 */
	public Findings(TcpServer server, ListenerFigures listener, ProcReader proc, Supplier<@Nullable TlsStatus> tls,
			int chunkBytes, int recordBytes, BusiestAddress addresses, ForeignPeers foreign,
			ConnectionRegistry connections, Diagnoses diagnoses, RecordSinks records) {
		this(server, listener, proc, tls,
				List.of(new JvmFindings(Runtime.version(), Runtime.getRuntime().maxMemory(), chunkBytes, recordBytes),
						new PeerFindings(addresses, foreign), new HandlerFindings(connections),
						new DiagnosisFindings(diagnoses), new RecordFindings(records)),
				System::nanoTime);
	}

	Findings(TcpServer server, ListenerFigures listener, ProcReader proc, Supplier<@Nullable TlsStatus> tls,
			List<Evidence.Rule> more, LongSupplier nanoTime) {
		this.tls = tls;
		this.server = server;
		this.listener = listener;
		this.proc = proc;
		this.fullTime = new FullTime(nanoTime);
		this.rules = new ArrayList<>(List.of(new QueueFindings(nanoTime), new BufferFindings(), new CapacityFindings(),
				new TlsFindings(), new SchedulingFindings()));
		this.rules.addAll(more);
	}

	/**
	 * The findings as things are now.
	 * @return empty if there is nothing to say
	 */
	public List<Finding> current() {
		return List.copyOf(find().values());
	}

	List<Finding> current(ServerStatus status, Reading<AcceptQueue> acceptQueue) {
		return List.copyOf(find(status, acceptQueue).values());
	}

	private Map<FindingKind, Finding> find() {
		return find(this.server.status().withLimits(this.proc.limits()), this.listener.read());
	}

	private Map<FindingKind, Finding> find(ServerStatus status, Reading<AcceptQueue> acceptQueue) {
		Map<FindingKind, Finding> findings = new EnumMap<>(FindingKind.class);
		EffectiveSettings settings = status.settings();
		if (settings != null) {
			Evidence evidence = new Evidence(status, settings, tls(),
					(acceptQueue instanceof Reading.Available<AcceptQueue>(AcceptQueue queue)) ? queue : null,
					fullFor(status, acceptQueue), this.proc.limits(), this.proc.events());
			this.rules.forEach((rule) -> rule.find(evidence, findings));
		}
		return findings;
	}

	/**
	 * For how long all places have been taken while newcomers wait.
	 * @return zero if that is not so
	 */
	Duration fullFor(ServerStatus status, Reading<AcceptQueue> acceptQueue) {
		return this.fullTime.look(status.state(), acceptQueue);
	}

	@Nullable TlsStatus tls() {
		return this.tls.get();
	}

	/**
	 * Logs each finding once while it lasts.
	 */
	public void logNew() {
		Map<FindingKind, Finding> findings = find();
		List<Finding> news = new ArrayList<>();
		synchronized (this.logged) {
			this.logged.retainAll(findings.keySet());
			findings.forEach((kind, finding) -> {
				// A reload that fails is logged where it fails, each time
				if (this.logged.add(kind) && kind != FindingKind.BUNDLE_NOT_RELOADED) {
					news.add(finding);
				}
			});
		}
		news.forEach((finding) -> logger.warn("{}: {}. What to do: {}", finding.setting(), finding.message(),
				finding.remedy()));
	}

}
