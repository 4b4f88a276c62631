package io.weir.config;

import java.util.stream.Collectors;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Reports the user's mistakes, all at once.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class InvalidConfigurationFailureAnalyzer extends AbstractFailureAnalyzer<InvalidConfigurationException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, InvalidConfigurationException cause) {
		return report(cause);
	}

	static FailureAnalysis report(InvalidConfigurationException cause) {
		String description = cause.mistakes()
			.stream()
			.map(Mistake::text)
			.collect(Collectors.joining("%n".formatted(), "The configuration can't be used:%n%n".formatted(), ""));
		return new FailureAnalysis(description, cause.action(), cause);
	}

}
