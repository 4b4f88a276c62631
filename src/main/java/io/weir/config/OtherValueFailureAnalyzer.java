package io.weir.config;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.core.annotation.Order;

/**
 * Reports a value of one of Spring Boot's own settings that can't be read, such as a log
 * level, where the service is what starts. Spring Boot's report names Java types.
 */
@Order(0)
class OtherValueFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException cause) {
		ConfigurationProperty property = cause.getProperty();
		ConversionFailedException failure = findCause(cause, ConversionFailedException.class);
		if (!Service.isStarting() || property == null || failure == null) {
			return null;
		}
		String name = property.getName().toString();
		Class<?> type = failure.getTargetType().getObjectType();
		String reason = type.isEnum()
				? "must be one of " + String.join(", ", KnownSetting.values(type))
						+ Nearest.question(String.valueOf(property.getValue()), KnownSetting.values(type))
				: "it cannot be read as a value of this setting";
		return InvalidConfigurationFailureAnalyzer
			.report(new InvalidConfigurationException(List.of(Mistake.of(name, property, reason))));
	}

}
