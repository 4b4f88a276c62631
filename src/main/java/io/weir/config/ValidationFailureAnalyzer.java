package io.weir.config;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.origin.Origin;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/**
 * Reports bad values as Spring Boot does, and also where the value of a nested property
 * such as {@code tcp.server.drain.delay} comes from, which Boot's own report leaves out.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class ValidationFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {

	private final Environment environment;

	ValidationFailureAnalyzer(Environment environment) {
		this.environment = environment;
	}

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException cause) {
		BindValidationException invalid = findCause(cause, BindValidationException.class);
		if (invalid == null || !cause.getName().equals(ConfigurationPropertyName.of("tcp.server"))) {
			return null;
		}
		StringBuilder description = new StringBuilder("Binding to target %s failed:%n".formatted(cause.getTarget()));
		for (ObjectError error : invalid.getValidationErrors()) {
			if (error instanceof FieldError field) {
				append(description, "tcp.server." + field.getField(), field);
			}
			description.append("    Reason: %s%n".formatted(error.getDefaultMessage()));
		}
		return new FailureAnalysis(description.toString(), "Update your application's configuration", cause);
	}

	private void append(StringBuilder description, String property, FieldError error) {
		description.append("%n    Property: %s%n    Value: \"%s\"%n".formatted(property, error.getRejectedValue()));
		Origin origin = origin(this.environment, property);
		if (origin != null) {
			description.append("    Origin: %s%n".formatted(origin));
		}
	}

	static @Nullable Origin origin(Environment environment, String property) {
		ConfigurationPropertyName name = ConfigurationPropertyName
			.of(property.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT));
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			ConfigurationProperty found = source.getConfigurationProperty(name);
			if (found != null) {
				return found.getOrigin();
			}
		}
		return null;
	}

}
