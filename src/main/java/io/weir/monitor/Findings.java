package io.weir.monitor;

import org.jspecify.annotations.Nullable;
import io.weir.tls.ServerTls;
import io.weir.tls.TlsStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.weir.kernel.ListenerDiagnostics;
import io.weir.kernel.ProcReader;
import io.weir.kernel.Reading;
import io.weir.server.EffectiveSettings;
import io.weir.server.ServerStatus;
import io.weir.server.TcpServer;

/**
 * What is clamped, does not fit together, or has just gone wrong, each with what was
 * measured and a remedy. A finding goes away when its evidence does; of an event, five
 * minutes after the last one. Safe for any thread.
 */
public class Findings {

	static final Duration EVIDENCE_TIME = Duration.ofMinutes(5);

	private static final Logger logger = LoggerFactory.getLogger(Findings.class);

	private final TcpServer server;

	private final ListenerFigures listener;

	private final ProcReader proc;

	private final @Nullable ServerTls tls;

	private final List<Evidence.Rule> rules;

	// Guarded by itself
	private final Set<FindingKind> logged = EnumSet.noneOf(FindingKind.class);

	/**
	 * Creates the findings of a server.
	 * @param server the server
	 * @param listener its listening socket
	 * @param proc the kernel's limits and events
	 * @param tls what protects its connections; null if nothing does
	 */
	public Findings(TcpServer server, ListenerFigures listener, ProcReader proc, @Nullable ServerTls tls) {
		this(server, listener, proc, tls, System::nanoTime);
	}

	Findings(TcpServer server, ListenerFigures listener, ProcReader proc, @Nullable ServerTls tls,
			LongSupplier nanoTime) {
		this.tls = tls;
		this.server = server;
		this.listener = listener;
		this.proc = proc;
		this.rules = List.of(new QueueFindings(nanoTime), new BufferFindings(), new CapacityFindings(),
				new TlsFindings());
	}

	/**
	 * The findings as things are now.
	 * @return empty if there is nothing to say
	 */
	public List<Finding> current() {
		return current(this.server.status(), this.listener.read());
	}

	List<Finding> current(ServerStatus status, Reading<ListenerDiagnostics> listener) {
		return List.copyOf(find(status, listener).values());
	}

	private Map<FindingKind, Finding> find(ServerStatus status, Reading<ListenerDiagnostics> listener) {
		Map<FindingKind, Finding> findings = new EnumMap<>(FindingKind.class);
		EffectiveSettings settings = status.settings();
		if (settings != null) {
			Evidence evidence = new Evidence(status, settings, tls(), ListenerFigures.overflows(listener),
					this.proc.limits(), this.proc.events());
			this.rules.forEach((rule) -> rule.find(evidence, findings));
		}
		return findings;
	}

	@Nullable TlsStatus tls() {
		return TlsStatus.of(this.tls);
	}

	/**
	 * Logs each finding once while it lasts.
	 */
	public void logNew() {
		Map<FindingKind, Finding> findings = find(this.server.status(), this.listener.read());
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
