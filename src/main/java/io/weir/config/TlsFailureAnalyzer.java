package io.weir.config;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.origin.Origin;
import org.springframework.core.env.Environment;

import io.weir.tls.ServerTls;

/**
 * Reports what is wrong with the settings of TLS, in place of a stack trace. Also what
 * Spring Boot finds when it reads the bundles, for which it has no report.
 */
class TlsFailureAnalyzer implements FailureAnalyzer {

	private static final String OF_BOOT = "Unable to register SSL bundle";

	private final Environment environment;

	TlsFailureAnalyzer(Environment environment) {
		this.environment = environment;
	}

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof TlsConfigurationException found) {
				return analyze(found);
			}
			if (cause instanceof IllegalStateException && String.valueOf(cause.getMessage()).startsWith(OF_BOOT)) {
				return new FailureAnalysis(ServerTls.reason(cause) + ".",
						"Correct the bundle below spring.ssl.bundle, or the files it names", cause);
			}
		}
		return null;
	}

	private FailureAnalysis analyze(TlsConfigurationException cause) {
		StringBuilder description = new StringBuilder("TLS can't be set up:%n%n    Property: %s%n    Value: \"%s\"%n"
			.formatted(cause.property(), cause.value()));
		Origin origin = ValidationFailureAnalyzer.origin(this.environment, cause.property());
		if (origin != null) {
			description.append("    Origin: %s%n".formatted(origin));
		}
		description.append("    Reason: %s%n".formatted(cause.reason()));
		return new FailureAnalysis(description.toString(), cause.action(), cause);
	}

}
