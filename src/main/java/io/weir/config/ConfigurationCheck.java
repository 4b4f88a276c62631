package io.weir.config;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.ValidatorFactory;
import org.hibernate.validator.messageinterpolation.ParameterMessageInterpolator;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * Holds what an environment has below a prefix against a record of properties, before
 * Spring binds it: Spring's reports name Java types.
 */
final class ConfigurationCheck {

	private static final String OF_A_SERVICE_LINK = "(?i)(tcp|udp|sctp)://.*";

	private final Environment environment;

	private final ConfigurationPropertyName prefix;

	private final Class<?> properties;

	private final List<KnownSetting> settings;

	ConfigurationCheck(Environment environment, String prefix, Class<?> properties) {
		this.environment = environment;
		this.prefix = ConfigurationPropertyName.of(prefix);
		this.properties = properties;
		this.settings = KnownSetting.of(prefix, properties);
	}

	/**
	 * The check of the TCP server's own settings.
	 */
	static ConfigurationCheck ofTcpServer(Environment environment) {
		return new ConfigurationCheck(environment, "tcp.server", TcpServerProperties.class);
	}

	List<KnownSetting> settings() {
		return this.settings;
	}

	/**
	 * Finds what is no setting, and what is a setting and has a value that can't be.
	 */
	List<Mistake> mistakes() {
		return Stream.concat(unknown(this.prefix.toString()).stream(), bad().stream()).toList();
	}

	/**
	 * Finds properties that are no setting. Environment variables are not looked at.
	 * @param below the name that they are below: the prefix, or one above it, which finds
	 * settings that lack a level of the prefix too
	 */
	List<Mistake> unknown(String below) {
		ConfigurationPropertyName root = ConfigurationPropertyName.of(below);
		List<Mistake> mistakes = new ArrayList<>();
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(this.environment)) {
			if (source instanceof IterableConfigurationPropertySource iterable && !isEnvironment(iterable)) {
				iterable.stream()
					.filter((name) -> isUnknown(root, name))
					.map(iterable::getConfigurationProperty)
					.filter((property) -> !isEmptyGroup(property))
					.forEach((property) -> mistakes.add(unknown(iterable, property)));
			}
		}
		return mistakes;
	}

	private static boolean isEnvironment(IterableConfigurationPropertySource source) {
		return source.getUnderlyingSource() instanceof PropertySource<?> underlying
				&& underlying.getName().endsWith(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
	}

	private boolean isUnknown(ConfigurationPropertyName root, ConfigurationPropertyName name) {
		return (root.equals(name) || root.isAncestorOf(name))
				&& this.settings.stream().noneMatch((setting) -> setting.is(name));
	}

	private boolean isEmptyGroup(@Nullable ConfigurationProperty property) {
		return property == null || (!members(property.getName()).isEmpty()
				&& (property.getValue() instanceof Collection || property.getValue().toString().matches("|\\{}")));
	}

	private Mistake unknown(IterableConfigurationPropertySource source, ConfigurationProperty property) {
		return Mistake.of(asWritten(source, property.getName()), property, unknown(property.getName()));
	}

	private static String asWritten(IterableConfigurationPropertySource source, ConfigurationPropertyName name) {
		Stream<String> names = (source.getUnderlyingSource() instanceof EnumerablePropertySource<?> underlying)
				? Stream.of(underlying.getPropertyNames()) : Stream.empty();
		return names.filter((written) -> name.equals(ConfigurationPropertyName.adapt(written, '.')))
			.findFirst()
			.orElse(name.toString());
	}

	private String unknown(ConfigurationPropertyName name) {
		List<String> members = members(name);
		return members.isEmpty() ? "there is no such setting" + Nearest.question(name.toString(), names())
				: "it is no setting but a group of settings: " + String.join(", ", members);
	}

	private List<String> members(ConfigurationPropertyName group) {
		return names().stream().filter((name) -> group.isAncestorOf(ConfigurationPropertyName.of(name))).toList();
	}

	private List<String> names() {
		return this.settings.stream().map(KnownSetting::name).toList();
	}

	/**
	 * Finds values that can't be: each that is out of bounds, or the first one that can't
	 * even be read.
	 */
	List<Mistake> bad() {
		List<Mistake> mistakes = new ArrayList<>(empty());
		List<Mistake> others;
		try {
			others = violations(
					Binder.get(this.environment).bindOrCreate(this.prefix.toString(), Bindable.of(this.properties)));
		}
		catch (BindException ex) {
			others = List.of(unreadable(ex));
		}
		others.stream()
			.filter((other) -> mistakes.stream().noneMatch((mistake) -> mistake.name().equals(other.name())))
			.forEach(mistakes::add);
		return mistakes;
	}

	// Spring takes an empty value for none, and then reports the default as the user's
	private List<Mistake> empty() {
		return this.settings.stream().filter((setting) -> !setting.optional()).flatMap((setting) -> {
			ConfigurationProperty given = Mistake.given(this.environment, ConfigurationPropertyName.of(setting.name()));
			return (given != null && given.getValue() instanceof CharSequence text
					&& this.environment.resolvePlaceholders(text.toString()).isBlank())
							? Stream.of(Mistake.of(this.environment, setting.name(),
									"it is empty; leave it out for the default, else it " + setting.allowed()))
							: Stream.empty();
		}).toList();
	}

	private List<Mistake> violations(Object bound) {
		try (ValidatorFactory factory = Validation.byDefaultProvider()
			.configure()
			.messageInterpolator(new ParameterMessageInterpolator())
			.buildValidatorFactory()) {
			return factory.getValidator()
				.validate(bound)
				.stream()
				.map(this::violation)
				.sorted(Comparator.comparingInt((mistake) -> position(mistake.name())))
				.toList();
		}
	}

	private int position(String name) {
		return setting(name).map(this.settings::indexOf).orElse(-1);
	}

	private Mistake violation(ConstraintViolation<?> violation) {
		String name = asGiven(
				this.prefix + "." + DataObjectPropertyName.toDashedForm(violation.getPropertyPath().toString()));
		boolean outOfBounds = violation.getConstraintDescriptor().getAnnotation() instanceof Within;
		return Mistake.of(this.environment, name,
				setting(name).filter((setting) -> outOfBounds)
					.map((setting) -> notAllowed(setting, name))
					.orElse(violation.getMessage()));
	}

	// A list may be given as one text too
	private String asGiven(String name) {
		String item = name.replace(".<list element>", "");
		return (Mistake.given(this.environment, ConfigurationPropertyName.of(item)) != null) ? item
				: item.replaceFirst("\\[\\d+]$", "");
	}

	private Mistake unreadable(BindException failure) {
		String name = failure.getName().toString();
		return Mistake.of(this.environment, name,
				setting(name).map((setting) -> notAllowed(setting, name)).orElse(unknown(failure.getName())));
	}

	private Optional<KnownSetting> setting(String name) {
		return this.settings.stream().filter((setting) -> setting.is(ConfigurationPropertyName.of(name))).findFirst();
	}

	private String notAllowed(KnownSetting setting, String name) {
		ConfigurationProperty given = Mistake.given(this.environment, ConfigurationPropertyName.of(name));
		String value = (given != null) ? this.environment.resolvePlaceholders(given.getValue().toString()).strip() : "";
		if (setting.type() == InetAddress.class) {
			return "'" + value + "' is no address, and as a name it does not resolve";
		}
		if (value.matches(OF_A_SERVICE_LINK)) {
			return setting.allowed() + "; this value looks like one of Kubernetes' service links, "
					+ "which the pod's 'enableServiceLinks: false' turns off";
		}
		if (setting.type().isEnum()) {
			return setting.allowed() + Nearest.question(value, KnownSetting.values(setting.type()));
		}
		return (setting.type() == Duration.class && value.matches("\\+?\\d+"))
				? "a unit is missing: %1$s is %1$s milliseconds, %1$ss would be seconds; it %2$s".formatted(value,
						setting.allowed())
				: setting.allowed();
	}

}
