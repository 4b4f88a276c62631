package io.weir.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * The environment variables that begin with {@code TCP_SERVER_} and name no setting.
 *
 * @param unknown the mistakes among them
 * @param serviceLinks the names of those that Kubernetes sets for a service whose name
 * begins with {@code tcp-server}
 */
record EnvironmentVariables(List<Mistake> unknown, List<String> serviceLinks) {

	private static final String PREFIX = "TCP_SERVER_";

	// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
	// and those of Docker's links, which Kubernetes sets too
	private static final Pattern SERVICE_LINK = Pattern
		.compile("TCP_SERVER_(.+_)?(SERVICE_(HOST|PORT(_.+)?)|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

	private static final Pattern PORT_OF_A_LINK = Pattern.compile("TCP_SERVER_.+_PORT=(tcp|udp|sctp)://.*");

	private static final Pattern INDEX = Pattern.compile("_(\\d+)$");

	static EnvironmentVariables of(ConfigurableEnvironment environment, List<KnownSetting> settings) {
		List<Mistake> unknown = new ArrayList<>();
		List<String> serviceLinks = new ArrayList<>();
		PropertySource<?> source = environment.getPropertySources()
			.get(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
		if (source instanceof EnumerablePropertySource<?> variables) {
			// Spring reads them in lower case too
			Stream.of(variables.getPropertyNames())
				.sorted()
				.filter((name) -> name.toUpperCase(Locale.ROOT).startsWith(PREFIX))
				.forEach((name) -> {
					String value = String.valueOf(variables.getProperty(name));
					if (isServiceLink(name, value, settings)) {
						serviceLinks.add(name);
					}
					else if (!isKnown(name, value, settings)) {
						unknown.add(new Mistake("Variable", name, value, null, reason(name, settings)));
					}
				});
		}
		return new EnvironmentVariables(unknown, serviceLinks);
	}

	private static boolean isServiceLink(String name, String value, List<KnownSetting> settings) {
		return !isKnown(name, value, settings)
				&& (SERVICE_LINK.matcher(name).matches() || PORT_OF_A_LINK.matcher(name + "=" + value).matches());
	}

	// As Spring binds it, in either form
	private static boolean isKnown(String name, String value, List<KnownSetting> settings) {
		ConfigurationPropertySource source = ConfigurationPropertySource
			.from(new SystemEnvironmentPropertySource("systemEnvironment", Map.of(name, value)));
		Matcher index = INDEX.matcher(name);
		String item = index.find() ? "[" + index.group(1) + "]" : "";
		return source != null && settings.stream()
			.map((setting) -> setting.isList() ? setting.name() + item : setting.name())
			.anyMatch((property) -> source.getConfigurationProperty(ConfigurationPropertyName.of(property)) != null);
	}

	private static String reason(String name, List<KnownSetting> settings) {
		List<String> members = settings.stream()
			.map((setting) -> variable(setting.name()))
			.filter((variable) -> variable.startsWith(name.toUpperCase(Locale.ROOT) + "_"))
			.toList();
		return members.isEmpty()
				? "there is no such setting"
						+ Nearest.question(name, settings.stream().map((setting) -> variable(setting.name())).toList())
				: "it is no setting but a group of settings: " + String.join(", ", members);
	}

	// tcp.server.max-connections is TCP_SERVER_MAXCONNECTIONS
	private static String variable(String property) {
		return property.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT);
	}

}
