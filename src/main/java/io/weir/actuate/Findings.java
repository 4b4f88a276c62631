package io.weir.actuate;

import java.util.ArrayList;
import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.event.EventListener;

import io.weir.server.EffectiveSettings;
import io.weir.server.Setting;
import io.weir.server.TcpServer;
import io.weir.server.TcpServerLifecycle.TcpServerStartedEvent;

/**
 * What is clamped or does not fit together. None without evidence.
 */
public class Findings {

	private static final Logger logger = LoggerFactory.getLogger(Findings.class);

	private final TcpServer server;

	/**
	 * Creates the findings of a server.
	 * @param server the server
	 */
	public Findings(TcpServer server) {
		this.server = server;
	}

	/**
	 * The findings as things are now.
	 * @return empty if there is nothing to say
	 */
	public List<Finding> current() {
		List<Finding> findings = new ArrayList<>();
		EffectiveSettings settings = this.server.settings();
		if (settings != null) {
			backlog(settings.backlog(), findings);
			buffer("receive-buffer-size", settings.receiveBuffer(), findings);
			buffer("send-buffer-size", settings.sendBuffer(), findings);
			maxConnections(settings.maxConnections(), findings);
		}
		return findings;
	}

	private static void backlog(Setting backlog, List<Finding> findings) {
		if (backlog.limitedBy() != null) {
			findings.add(new Finding("backlog",
					"%d requested, %d granted: %s is %d".formatted(backlog.requested(), backlog.effective(),
							backlog.limitedBy(), backlog.maximum()),
					"sysctl -w net.core.somaxconn=%d on the host; in a container it belongs to the network namespace: "
						.formatted(backlog.requested())
							+ "docker run --sysctl, or securityContext.sysctls in Kubernetes. "
							+ "Or set tcp.server.backlog to what is granted"));
		}
	}

	private static void buffer(String name, Setting buffer, List<Finding> findings) {
		if (buffer.limitedBy() != null) {
			findings.add(new Finding(name,
					"%d bytes requested, %d granted: %s clamps it".formatted(buffer.requested(), buffer.usable(),
							buffer.limitedBy()),
					"sysctl -w %s=%d on the host (it holds for all its containers). Or leave tcp.server.%s out: "
						.formatted(buffer.limitedBy(), buffer.requested(), name)
							+ "the kernel then tunes each connection's buffer, up to the third value of net.ipv4.tcp_%s"
								.formatted(name.startsWith("receive") ? "rmem" : "wmem")));
		}
	}

	private static void maxConnections(Setting maxConnections, List<Finding> findings) {
		if (maxConnections.limitedBy() != null) {
			findings.add(new Finding("max-connections",
					"%d requested, but the process may open %d files, which leaves room for %d connections".formatted(
							maxConnections.requested(),
							(maxConnections.maximum() != null)
									? maxConnections.maximum() + EffectiveSettings.OTHER_FILES : 0,
							maxConnections.effective()),
					"Raise the limit of open files to at least %d (ulimit -n, docker run --ulimit nofile, LimitNOFILE). "
						.formatted(((maxConnections.requested() != null) ? maxConnections.requested() : 0)
								+ EffectiveSettings.OTHER_FILES)
							+ "Or set tcp.server.max-connections to %d".formatted(maxConnections.effective())));
		}
	}

	@EventListener
	void started(TcpServerStartedEvent event) {
		for (Finding finding : current()) {
			logger.warn("{}: {}. What to do: {}", finding.setting(), finding.message(), finding.remedy());
		}
	}

}
