package io.weir.config;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.core.env.Environment;

/**
 * Reports mistakes that only Spring's binding met: those of the TCP server whose source
 * came after {@link StartCheck}, for instance a {@code @PropertySource}; and, where the
 * service is what starts, a value of one of Spring Boot's own settings that can't be
 * read, such as a log level. Spring Boot's report names Java types.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class ValueFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of("tcp.server");

	private final Environment environment;

	ValueFailureAnalyzer(Environment environment) {
		this.environment = environment;
	}

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException cause) {
		List<Mistake> mistakes = (PREFIX.equals(cause.getName()) || PREFIX.isAncestorOf(cause.getName()))
				? ConfigurationCheck.ofTcpServer(this.environment).mistakes() : List.of();
		if (mistakes.isEmpty() && Service.isStarting()) {
			mistakes = unreadable(cause);
		}
		return mistakes.isEmpty() ? null
				: InvalidConfigurationFailureAnalyzer.report(new InvalidConfigurationException(mistakes));
	}

	private List<Mistake> unreadable(BindException cause) {
		ConfigurationProperty property = cause.getProperty();
		ConversionFailedException failure = findCause(cause, ConversionFailedException.class);
		if (property == null || failure == null) {
			return List.of();
		}
		Class<?> type = failure.getTargetType().getObjectType();
		String reason = type.isEnum()
				? "must be one of " + String.join(", ", KnownSetting.values(type))
						+ Nearest.question(String.valueOf(property.getValue()), KnownSetting.values(type))
				: "it cannot be read as a value of this setting";
		return List.of(Mistake.of(property.getName().toString(), property, reason));
	}

}
