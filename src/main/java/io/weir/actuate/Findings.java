package io.weir.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.event.EventListener;

import io.weir.kernel.KernelLimits;
import io.weir.kernel.ProcReader;
import io.weir.server.EffectiveSettings;
import io.weir.server.Setting;
import io.weir.server.SocketSettings.KeepAlive;
import io.weir.server.TcpServer;
import io.weir.server.TcpServerLifecycle.TcpServerStartedEvent;
import io.weir.tls.ServerTls;

/**
 * What is clamped, does not fit together, or has just gone wrong, each with what was
 * measured and a remedy. A finding goes away when its evidence does; of an event, five
 * minutes after the last one. Safe for any thread.
 */
public class Findings {

	static final Duration EVIDENCE_TIME = Duration.ofMinutes(5);

	private static final Duration EXPIRY_WARNING = Duration.ofDays(14);

	private static final String SYSCTL_IN_CONTAINER = " on the host; a container has its own value in its network namespace: "
			+ "docker run --sysctl, or securityContext.sysctls in Kubernetes";

	private static final Logger logger = LoggerFactory.getLogger(Findings.class);

	private enum Kind {

		BACKLOG_CLAMPED, ACCEPT_QUEUE_OVERFLOWED, RECEIVE_BUFFER_CLAMPED, RECEIVE_BUFFER_FIXED, SEND_BUFFER_CLAMPED,
		TOO_FEW_FILES, KEEP_ALIVE_TOO_SLOW, SYN_COOKIES_SENT, CERTIFICATE_EXPIRES, BUNDLE_NOT_RELOADED, TOO_LITTLE_HEAP

	}

	private final TcpServer server;

	private final ListenerFigures listener;

	private final ProcReader kernel;

	private final Growth overflows;

	private final Growth synCookies;

	// Told already. Guarded by itself
	private final Set<Kind> told = EnumSet.noneOf(Kind.class);

	/**
	 * Creates the findings of a server.
	 * @param server the server
	 * @param listener its listening socket
	 * @param kernel the kernel's limits and events
	 */
	public Findings(TcpServer server, ListenerFigures listener, ProcReader kernel) {
		this(server, listener, kernel, System::nanoTime);
	}

	Findings(TcpServer server, ListenerFigures listener, ProcReader kernel, LongSupplier nanoTime) {
		this.server = server;
		this.listener = listener;
		this.kernel = kernel;
		this.overflows = new Growth(nanoTime);
		this.synCookies = new Growth(nanoTime);
	}

	/**
	 * The findings as things are now.
	 * @return empty if there is nothing to say
	 */
	public List<Finding> current() {
		return List.copyOf(find().values());
	}

	private Map<Kind, Finding> find() {
		Map<Kind, Finding> findings = new EnumMap<>(Kind.class);
		EffectiveSettings settings = this.server.settings();
		if (settings != null) {
			KernelLimits limits = this.kernel.limits();
			backlog(settings.backlog(), findings);
			acceptQueue(settings.backlog(), findings);
			bufferClamped(Kind.RECEIVE_BUFFER_CLAMPED, "receive-buffer-size", settings.receiveBuffer(), findings);
			bufferFixed(settings.receiveBuffer(), limits, findings);
			bufferClamped(Kind.SEND_BUFFER_CLAMPED, "send-buffer-size", settings.sendBuffer(), findings);
			maxConnections(settings.maxConnections(), findings);
			keepAlive(findings);
			synCookies(settings.backlog(), findings);
			certificate(findings);
			heap(findings);
		}
		return findings;
	}

	private static void backlog(Setting backlog, Map<Kind, Finding> findings) {
		if (backlog.limitedBy() != null) {
			findings.put(Kind.BACKLOG_CLAMPED,
					new Finding("backlog",
							"%d requested, %d granted: %s is %d".formatted(backlog.requested(), backlog.effective(),
									backlog.limitedBy(), backlog.maximum()),
							"sysctl -w net.core.somaxconn=%d%s. Or set tcp.server.backlog to what is granted"
								.formatted(backlog.requested(), SYSCTL_IN_CONTAINER)));
		}
	}

	private void acceptQueue(Setting backlog, Map<Kind, Finding> findings) {
		OptionalLong count = this.listener.overflows();
		if (count.isPresent() && this.overflows.isRecent(count.getAsLong())) {
			boolean bySomaxconn = backlog.effective() != null && backlog.effective().equals(backlog.maximum());
			String remedy = bySomaxconn
					? "net.core.somaxconn bounds it: sysctl -w net.core.somaxconn=<more>%s%s".formatted(
							SYSCTL_IN_CONTAINER,
							(backlog.requested() != null) ? ", and raise tcp.server.backlog with it" : "")
					: "tcp.server.backlog bounds it: raise it to at most %s (net.core.somaxconn), or leave it out"
						.formatted(backlog.maximum());
			findings.put(Kind.ACCEPT_QUEUE_OVERFLOWED, new Finding("accept-queue",
					"full with %s waiting connections; newcomers were dropped %d times so far, and try again or give up"
						.formatted(backlog.effective(), count.getAsLong()),
					remedy + ". If the state is 'full', tcp.server.max-connections keeps them waiting"));
		}
	}

	private static void bufferClamped(Kind kind, String name, Setting buffer, Map<Kind, Finding> findings) {
		if (buffer.limitedBy() != null) {
			findings.put(kind, new Finding(name,
					"%d bytes requested, %d granted: %s clamps it".formatted(buffer.requested(), buffer.usable(),
							buffer.limitedBy()),
					("sysctl -w %s=%d on the host (it holds for all its containers). Or leave tcp.server.%s out: "
							+ "the kernel then tunes each connection's buffer, up to the third value of net.ipv4.tcp_%s")
						.formatted(buffer.limitedBy(), buffer.requested(), name,
								name.startsWith("receive") ? "rmem" : "wmem")));
		}
	}

	// A fixed buffer is a loss where the kernel would give a busy connection more
	private static void bufferFixed(Setting buffer, KernelLimits limits, Map<Kind, Finding> findings) {
		OptionalLong tuned = limits.number("net.ipv4.tcp_rmem.max");
		Long effective = buffer.effective();
		if (!buffer.autotuned() && buffer.limitedBy() == null && effective != null && tuned.isPresent()
				&& effective < tuned.getAsLong()) {
			findings.put(Kind.RECEIVE_BUFFER_FIXED,
					new Finding("receive-buffer-size",
							"fixed at %d usable bytes, which turns the kernel's autotuning off; it would go up to %d"
								.formatted(buffer.usable(), tuned.getAsLong() / 2),
							"Leave tcp.server.receive-buffer-size out, unless the memory must be bounded: "
									+ "a connection can't have more than this in flight per round trip"));
		}
	}

	private static void maxConnections(Setting maxConnections, Map<Kind, Finding> findings) {
		Long requested = maxConnections.requested();
		Long fitting = maxConnections.maximum();
		if (maxConnections.limitedBy() != null && requested != null && fitting != null) {
			findings.put(Kind.TOO_FEW_FILES, new Finding("max-connections",
					"%d requested, but the process's limit of open files leaves room for %d".formatted(requested,
							fitting),
					("Raise the limit of open files to %d or more (ulimit -n, docker run --ulimit nofile, LimitNOFILE), "
							+ "or set tcp.server.max-connections to %d")
						.formatted(requested + EffectiveSettings.OTHER_FILES, fitting)));
		}
	}

	private void keepAlive(Map<Kind, Finding> findings) {
		KeepAlive keepAlive = this.server.socketSettings().keepAlive();
		Duration idleTimeout = this.server.servingSettings().idleTimeout();
		if (keepAlive != null && !idleTimeout.isZero() && keepAlive.time().compareTo(idleTimeout) > 0) {
			findings.put(Kind.KEEP_ALIVE_TOO_SLOW,
					new Finding("keep-alive",
							"finds a dead peer after %d s, but the idle timeout ends the connection after %d s"
								.formatted(keepAlive.time().toSeconds(), idleTimeout.toSeconds()),
							"Lower tcp.server.keep-alive.idle, interval or count, raise tcp.server.idle-timeout, "
									+ "or set tcp.server.keep-alive.enabled to false"));
		}
	}

	private void synCookies(Setting backlog, Map<Kind, Finding> findings) {
		Long count = this.kernel.events().counters().get("SyncookiesSent");
		if (count != null && this.synCookies.isRecent(count)) {
			findings.put(Kind.SYN_COOKIES_SENT, new Finding("syn-queue",
					("%d SYN cookies sent so far in this network namespace, the last within %d minutes: "
							+ "a SYN queue was full (net.ipv4.tcp_max_syn_backlog is %s, the backlog %s)")
						.formatted(count, EVIDENCE_TIME.toMinutes(),
								text(this.kernel.limits().number("net.ipv4.tcp_max_syn_backlog")), backlog.effective()),
					"A flood or a burst of connections: raise tcp.server.backlog and net.core.somaxconn"
							+ SYSCTL_IN_CONTAINER + "; for a flood, limit its sources before this host"));
		}
	}

	private void certificate(Map<Kind, Finding> findings) {
		ServerTls tls = this.server.tls();
		if (tls == null) {
			return;
		}
		Instant end = tls.certificate().notAfter();
		Duration left = Duration.between(Instant.now(), end);
		if (left.compareTo(EXPIRY_WARNING) < 0) {
			findings.put(Kind.CERTIFICATE_EXPIRES,
					new Finding("ssl",
							left.isNegative()
									? "the certificate of %s in the bundle '%s' expired at %s: clients refuse it"
										.formatted(tls.certificate().subject(), tls.bundle(), end)
									: "the certificate of %s in the bundle '%s' expires at %s, in %d days"
										.formatted(tls.certificate().subject(), tls.bundle(), end, left.toDays()),
							"Renew it. With reload-on-update in the bundle, new files are taken without a restart"));
		}
		String failure = tls.reloadFailure();
		if (failure != null) {
			findings.put(Kind.BUNDLE_NOT_RELOADED,
					new Finding("ssl",
							"the bundle '%s' has changed and can't be used; the certificate of %s stays: %s"
								.formatted(tls.bundle(), tls.certificate().subject(), failure),
							"Correct the files below spring.ssl.bundle, key and certificate together"));
		}
	}

	private void heap(Map<Kind, Finding> findings) {
		int most = this.server.servingSettings().maxConnections();
		long heap = Runtime.getRuntime().maxMemory();
		long fitting = ServerTls.connectionsFitting(heap);
		if (this.server.tls() != null && most > fitting) {
			findings.put(Kind.TOO_LITTLE_HEAP, new Finding("max-connections",
					"%d requested, but a heap of %d MB has room for only %d with TLS whose peers send much and read nothing"
						.formatted(most, heap / 1024 / 1024, fitting),
					"Give the JVM more memory (-Xmx, -XX:MaxRAMPercentage), or set tcp.server.max-connections to %d"
						.formatted(fitting)));
		}
	}

	private static String text(OptionalLong number) {
		return number.isPresent() ? Long.toString(number.getAsLong()) : "unknown";
	}

	@EventListener
	void started(TcpServerStartedEvent event) {
		tell();
	}

	/**
	 * Logs each finding once while it lasts.
	 */
	public void tell() {
		Map<Kind, Finding> findings = find();
		List<Finding> news = new ArrayList<>();
		synchronized (this.told) {
			this.told.retainAll(findings.keySet());
			findings.forEach((kind, finding) -> {
				// A reload that fails says so itself, each time
				if (this.told.add(kind) && kind != Kind.BUNDLE_NOT_RELOADED) {
					news.add(finding);
				}
			});
		}
		news.forEach((finding) -> logger.warn("{}: {}. What to do: {}", finding.setting(), finding.message(),
				finding.remedy()));
	}

	/**
	 * Remembers when a counter last grew. What it was at first is no growth, nor is a
	 * smaller number, which is a new counter's.
	 */
	private static final class Growth {

		private final LongSupplier nanoTime;

		private @Nullable Long last;

		private @Nullable Long grewAt;

		private Growth(LongSupplier nanoTime) {
			this.nanoTime = nanoTime;
		}

		private synchronized boolean isRecent(long count) {
			long now = this.nanoTime.getAsLong();
			if (this.last != null && count > this.last) {
				this.grewAt = now;
			}
			this.last = count;
			return this.grewAt != null && now - this.grewAt < EVIDENCE_TIME.toNanos();
		}

	}

}
