package io.weir.server;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Reports why the server can't listen and what to do, in place of a stack trace.
 */
class TcpBindFailureAnalyzer extends AbstractFailureAnalyzer<TcpBindException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, TcpBindException cause) {
		String host = cause.host().isEmpty() ? "0.0.0.0" : cause.host();
		int port = cause.port();
		return switch (cause.problem()) {
			case PORT_IN_USE ->
				report(cause, "Port %d of %s is already in use.".formatted(port, host),
						("Find and stop the process that listens on port %d ('ss -ltnp sport = :%d' shows it), "
								+ "or set tcp.server.port to another port (0 takes any free one).")
							.formatted(port, port));
			case PORT_NEEDS_PRIVILEGE -> report(cause,
					"Port %d of %s is below net.ipv4.ip_unprivileged_port_start, and this process may not bind it."
						.formatted(port, host),
					"Set tcp.server.port to 1024 or above, or lower the sysctl net.ipv4.ip_unprivileged_port_start "
							+ "(in Kubernetes: securityContext.sysctls), or give the process CAP_NET_BIND_SERVICE.");
			case ADDRESS_NOT_LOCAL ->
				report(cause, "The address %s is not one of this machine's addresses.".formatted(host),
						"Set tcp.server.host to an address of this machine ('ip -4 address' lists them), "
								+ "or leave it empty to listen on all of them.");
			case UNKNOWN_HOST -> report(cause, "The name '%s' does not resolve to an address.".formatted(host),
					"Correct tcp.server.host, or add the name to DNS or /etc/hosts. "
							+ "Leave it empty to listen on all addresses.");
			case NOT_IPV4 -> report(cause, "'%s' has no IPv4 address, and Weir listens on IPv4 only.".formatted(host),
					"Set tcp.server.host to an IPv4 address or to a name that has one. "
							+ "Leave it empty to listen on all IPv4 addresses.");
			case OTHER -> report(cause,
					"The system refused: %s."
						.formatted((cause.getCause() != null) ? cause.getCause().getMessage() : cause),
					"Check tcp.server.host and tcp.server.port, and what the process is allowed to do.");
		};
	}

	private static FailureAnalysis report(TcpBindException cause, String description, String action) {
		return new FailureAnalysis("The TCP server could not listen on tcp.server.host=%s, tcp.server.port=%d. %s"
			.formatted(cause.host(), cause.port(), description), action, cause);
	}

}
