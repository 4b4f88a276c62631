package io.weir.config;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.core.env.Environment;

/**
 * One mistake of the user's in the configuration, in the user's words.
 *
 * @param kind what the name is: a property or an environment variable
 * @param name the property's documented name, or the variable's as written
 * @param value as given; null where none was given
 * @param origin where it was given: file, line and column, variable or argument; null
 * where none was given
 * @param reason what is wrong, and what is allowed
 */
record Mistake(String kind, String name, @Nullable String value, @Nullable String origin, String reason) {

	/**
	 * A mistake in the value of a property that has been looked up before.
	 */
	static Mistake of(String name, @Nullable ConfigurationProperty given, String reason) {
		return new Mistake("Property", name, (given != null) ? String.valueOf(given.getValue()) : null,
				(given != null) ? origin(given.getOrigin()) : null, reason);
	}

	/**
	 * A mistake in the value that a property has in an environment.
	 */
	static Mistake of(Environment environment, String name, String reason) {
		return of(name, given(environment, ConfigurationPropertyName.of(name)), reason);
	}

	/**
	 * Looks up what the user gave for a property, before it is converted.
	 * @return from the source that counts; null if there is none
	 */
	static @Nullable ConfigurationProperty given(Environment environment, ConfigurationPropertyName name) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			ConfigurationProperty found = source.getConfigurationProperty(name);
			if (found != null) {
				return found;
			}
		}
		return null;
	}

	/**
	 * Says where a property was given.
	 */
	static @Nullable String origin(@Nullable Origin origin) {
		if (origin instanceof PropertySourceOrigin source) {
			return switch (source.getPropertySource().getName()) {
				case "commandLineArgs" -> "command line argument --" + source.getPropertyName();
				case "systemProperties" -> "system property -D" + source.getPropertyName();
				default -> source.toString();
			};
		}
		return (origin != null) ? origin.toString() : null;
	}

	/**
	 * The mistake as a paragraph of a report.
	 */
	String text() {
		StringBuilder text = new StringBuilder("    %s: %s%n".formatted(this.kind, this.name));
		if (this.value != null) {
			text.append("    Value: \"%s\"%n".formatted(this.value));
		}
		if (this.origin != null) {
			text.append("    Origin: %s%n".formatted(this.origin));
		}
		return text.append("    Reason: %s%n".formatted(this.reason)).toString();
	}

}
