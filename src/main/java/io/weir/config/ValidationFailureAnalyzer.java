package io.weir.config;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/**
 * Reports mistakes that only Spring's binding met, as their source came after
 * {@link StartCheck}, for instance a {@code @PropertySource}.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class ValidationFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of("tcp.server");

	private final Environment environment;

	ValidationFailureAnalyzer(Environment environment) {
		this.environment = environment;
	}

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException cause) {
		if (!PREFIX.equals(cause.getName()) && !PREFIX.isAncestorOf(cause.getName())) {
			return null;
		}
		ConfigurationCheck check = ConfigurationCheck.ofTcpServer(this.environment);
		List<Mistake> mistakes = check.mistakes();
		return mistakes.isEmpty() ? null
				: InvalidConfigurationFailureAnalyzer.report(new InvalidConfigurationException(mistakes));
	}

}
