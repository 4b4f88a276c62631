package io.weir.config;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

import io.weir.tls.FailureReason;

/**
 * Reports what Spring Boot finds when it reads the service's SSL bundles, for which it
 * has no report.
 */
class SslBundleFailureAnalyzer extends AbstractFailureAnalyzer<IllegalStateException> {

	private static final String OF_BOOT = "Unable to register SSL bundle";

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, IllegalStateException cause) {
		return (Service.isStarting() && String.valueOf(cause.getMessage()).startsWith(OF_BOOT))
				? new FailureAnalysis(PlainText.of(FailureReason.of(cause)) + ".",
						"Correct the bundle below spring.ssl.bundle, or the files it names", cause)
				: null;
	}

}
