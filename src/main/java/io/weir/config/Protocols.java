package io.weir.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.annotation.AnnotatedBeanDefinition;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.env.Environment;

import io.weir.api.ConnectionHandler;
import io.weir.server.ProtocolSource;

/**
 * The protocols by the names of their beans, relaxed as names are everywhere:
 * {@code ECHO_RECORD} is {@code echo-record}.
 */
final class Protocols {

	/**
	 * What the bean names of the built-in protocols begin with.
	 */
	static final String BUILT_IN = "weir.protocol.";

	private static final String PROPERTY = "tcp.server.protocol";

	/**
	 * A protocol.
	 *
	 * @param name as people write it
	 * @param handler serves its connections
	 * @param source where it comes from
	 * @param place what its bean is made by, for people; null for a built-in one
	 */
	record Protocol(String name, ConnectionHandler handler, ProtocolSource source, @Nullable String place) {
	}

	private final Map<String, Protocol> protocols = new TreeMap<>();

	private final Environment environment;

	/**
	 * Creates the choice.
	 * @param beans where the handlers are
	 * @param environment where the name comes from, for the report
	 * @throws InvalidConfigurationException if two protocols have one name
	 */
	Protocols(ConfigurableListableBeanFactory beans, Environment environment) {
		this.environment = environment;
		Plugins plugins = Plugins.find();
		List<Mistake> mistakes = new ArrayList<>();
		beans.getBeansOfType(ConnectionHandler.class).forEach((name, handler) -> {
			Protocol protocol = protocol(name, handler, beans, plugins);
			Protocol other = this.protocols.putIfAbsent(canonical(protocol.name()), protocol);
			if (other != null) {
				mistakes.add(clash(protocol, other));
			}
		});
		if (!mistakes.isEmpty()) {
			throw new InvalidConfigurationException(mistakes,
					"Give one of them another bean name, or take one of them away", null);
		}
	}

	private static Protocol protocol(String bean, ConnectionHandler handler, ConfigurableListableBeanFactory beans,
			Plugins plugins) {
		if (bean.startsWith(BUILT_IN)) {
			return new Protocol(bean.substring(BUILT_IN.length()), handler, ProtocolSource.BUILT_IN, null);
		}
		String maker = beans.containsBeanDefinition(bean) ? maker(beans.getMergedBeanDefinition(bean)) : null;
		String type = (maker != null) ? maker : handler.getClass().getName();
		Path jar = plugins.having(type);
		return (jar != null) ? new Protocol(bean, handler, ProtocolSource.JAR, "of " + jar)
				: new Protocol(bean, handler, ProtocolSource.BEAN, "made by " + type);
	}

	/**
	 * Finds the class that a bean is made by: the one with its {@code @Bean} method, or
	 * its own.
	 */
	static @Nullable String maker(BeanDefinition definition) {
		return (definition instanceof AnnotatedBeanDefinition annotated && annotated.getFactoryMethodMetadata() != null)
				? annotated.getFactoryMethodMetadata().getDeclaringClassName() : definition.getBeanClassName();
	}

	private static Mistake clash(Protocol one, Protocol other) {
		// A bean's name comes first: it is what the reader can change
		Protocol own = (one.place() != null) ? one : other;
		Protocol second = (one.place() != null) ? other : one;
		return new Mistake("Protocol", own.name(), null, null,
				"the bean %s has the name of %s".formatted(own.place(),
						(second.place() != null) ? "the protocol %s, a bean %s".formatted(second.name(), second.place())
								: "the built-in protocol " + second.name())
						+ "; names must differ by more than dashes, underscores and case");
	}

	/**
	 * Finds a protocol.
	 * @param name its name, in any spelling
	 * @throws InvalidConfigurationException if there is none
	 */
	Protocol find(String name) {
		Protocol found = this.protocols.get(canonical(name));
		if (found == null) {
			Collection<String> known = this.protocols.values().stream().map(Protocol::name).sorted().toList();
			throw new InvalidConfigurationException(List.of(Mistake.of(this.environment, PROPERTY,
					"must be one of " + String.join(", ", known) + Nearest.question(name, known))));
		}
		return found;
	}

	private static String canonical(String name) {
		return name.replaceAll("[-_]", "").toLowerCase(Locale.ROOT);
	}

}
