package io.weir.config;

import java.net.SocketException;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.web.server.WebServerException;
import org.springframework.context.ApplicationContextException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

import io.weir.server.TcpBindException;
import io.weir.server.TcpBindException.Problem;

/**
 * Reports why the TCP server or the service's actuator can't listen and what to do, in
 * place of a stack trace.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
record ListenFailureAnalyzer(Environment environment) implements FailureAnalyzer {

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		TcpBindException tcp = find(failure, TcpBindException.class);
		if (tcp != null) {
			return new Listener("TCP server", "tcp.server.host", tcp.host(), "tcp.server.port",
					Integer.toString(tcp.port()))
				.report(tcp.problem(), tcp);
		}
		// Another application's web server is not the actuator alone
		WebServerException web = Service.isStarting() ? find(failure, WebServerException.class) : null;
		SocketException cause = find(failure, SocketException.class);
		return (web != null && cause != null) ? actuator(failure).report(problem(cause), cause) : null;
	}

	private Listener actuator(Throwable failure) {
		// The one with a port of its own is started by the start of the main context
		long contexts = causes(failure).filter(ApplicationContextException.class::isInstance).count();
		String prefix = (contexts > 1) ? "management.server" : "server";
		return new Listener("actuator", prefix + ".address", this.environment.getProperty(prefix + ".address", ""),
				prefix + ".port", this.environment.getProperty(prefix + ".port", "8080"));
	}

	// The JDK has no type for each errno
	private static Problem problem(SocketException cause) {
		String message = String.valueOf(cause.getMessage());
		if (message.contains("in use")) {
			return Problem.PORT_IN_USE;
		}
		if (message.contains("ermission")) {
			return Problem.PORT_NEEDS_PRIVILEGE;
		}
		return message.contains("annot assign") ? Problem.ADDRESS_NOT_LOCAL : Problem.OTHER;
	}

	private static <T> @Nullable T find(Throwable failure, Class<T> type) {
		return causes(failure).filter(type::isInstance).map(type::cast).findFirst().orElse(null);
	}

	private static Stream<Throwable> causes(Throwable failure) {
		return Stream.iterate(failure, (cause) -> cause != null, Throwable::getCause);
	}

	/**
	 * What should have listened, and the properties that say where.
	 */
	private record Listener(String name, String hostProperty, String host, String portProperty, String port) {

		FailureAnalysis report(Problem problem, Throwable cause) {
			return new FailureAnalysis("The %s could not listen on %s=%s, %s=%s. %s".formatted(this.name,
					this.hostProperty, this.host, this.portProperty, this.port, description(problem, cause)),
					action(problem), cause);
		}

		private String description(Problem problem, Throwable cause) {
			String shown = this.host.isEmpty() ? "0.0.0.0" : this.host;
			return switch (problem) {
				case PORT_IN_USE -> "Port %s of %s is already in use.".formatted(this.port, shown);
				case PORT_NEEDS_PRIVILEGE ->
					"Port %s of %s is below net.ipv4.ip_unprivileged_port_start, and this process may not bind it."
						.formatted(this.port, shown);
				case ADDRESS_NOT_LOCAL -> "The address %s is not one of this machine's addresses.".formatted(shown);
				case UNKNOWN_HOST -> "The name '%s' does not resolve to an address.".formatted(shown);
				case NOT_IPV4 -> "'%s' has no IPv4 address, and Weir listens on IPv4 only.".formatted(shown);
				case OTHER -> "The system refused: %s."
					.formatted((cause.getCause() != null) ? cause.getCause().getMessage() : cause.getMessage());
			};
		}

		private String action(Problem problem) {
			return switch (problem) {
				case PORT_IN_USE ->
					("Find and stop the process that listens on port %s ('ss -ltnp sport = :%s' shows it), "
							+ "or set %s to another port (0 takes any free one).")
						.formatted(this.port, this.port, this.portProperty);
				case PORT_NEEDS_PRIVILEGE ->
					("Set %s to 1024 or above, or lower the sysctl net.ipv4.ip_unprivileged_port_start "
							+ "(in Kubernetes: securityContext.sysctls), or give the process CAP_NET_BIND_SERVICE.")
						.formatted(this.portProperty);
				case ADDRESS_NOT_LOCAL ->
					("Set %s to an address of this machine ('ip -4 address' lists them; localhost needs the loopback "
							+ "interface up: 'ip link set lo up'), or to 0.0.0.0 to listen on all of them.")
						.formatted(this.hostProperty);
				case UNKNOWN_HOST ->
					"Correct %s, or add the name to DNS or /etc/hosts. Leave it empty to listen on all addresses."
						.formatted(this.hostProperty);
				case NOT_IPV4 -> ("Set %s to an IPv4 address or to a name that has one. "
						+ "Leave it empty to listen on all IPv4 addresses.")
					.formatted(this.hostProperty);
				case OTHER -> "Check %s and %s, and what the process is allowed to do.".formatted(this.hostProperty,
						this.portProperty);
			};
		}

	}

}
