package io.weir.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionOverrideException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.annotation.Order;

/**
 * Reports a start that failed because of a plug-in: which jar, and what of it. Behind the
 * reports of what the user has configured, and before those of Spring Boot, which know no
 * jars.
 */
@Order(1)
class PluginFailureAnalyzer implements FailureAnalyzer {

	// As packages are written, or folders
	private static final Pattern CLASS_NAME = Pattern.compile("(?:\\w+[./])+[A-Z][\\w$]*");

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		return analyze(failure, Plugins.find());
	}

	static @Nullable FailureAnalysis analyze(Throwable failure, Plugins plugins) {
		if (plugins.jars().isEmpty()) {
			return null;
		}
		// The root cause first: what wraps it was only on the way
		List<Throwable> causes = causes(failure).reversed();
		for (Throwable cause : causes) {
			if (cause instanceof BeanDefinitionOverrideException clash) {
				return clash(clash, plugins);
			}
		}
		Path jar = Stream
			.concat(causes.stream().flatMap(PluginFailureAnalyzer::running).map(plugins::having),
					causes.stream().flatMap(PluginFailureAnalyzer::named).map((name) -> owner(name, plugins)))
			.filter(Objects::nonNull)
			.findFirst()
			.orElse(null);
		return (jar != null) ? new FailureAnalysis(
				"The plug-in %s could not be started: %s.".formatted(jar, reason(causes.getFirst(), plugins)),
				"Correct the plug-in, or take the jar out of the folder of plug-ins. "
						+ "logging.level.org.springframework.boot.diagnostics=debug logs where it failed",
				failure) : null;
	}

	private static @Nullable Path owner(String className, Plugins plugins) {
		Path jar = plugins.having(className);
		return (jar != null) ? jar : plugins.registering(className);
	}

	// They may form a circle
	private static List<Throwable> causes(Throwable failure) {
		List<Throwable> causes = new ArrayList<>();
		for (Throwable cause = failure; cause != null && !causes.contains(cause); cause = cause.getCause()) {
			causes.add(cause);
		}
		return causes;
	}

	private static Stream<String> running(Throwable cause) {
		return Stream.of(cause.getStackTrace()).map(StackTraceElement::getClassName);
	}

	private static Stream<String> named(Throwable cause) {
		return CLASS_NAME.matcher(String.valueOf(cause.getMessage()))
			.results()
			.map(MatchResult::group)
			.map((name) -> name.replace('/', '.'));
	}

	private static String reason(Throwable root, Plugins plugins) {
		String missing = (root instanceof NoClassDefFoundError || root instanceof ClassNotFoundException)
				? String.valueOf(root.getMessage()).replace('/', '.')
				: named(root).filter((name) -> plugins.registering(name) != null && plugins.having(name) == null)
					.findFirst()
					.orElse(null);
		if (missing != null) {
			return "it needs the class %s, which no jar on the class path has".formatted(missing);
		}
		return running(root).filter((name) -> plugins.having(name) != null)
			.findFirst()
			.map((name) -> "its " + name + " threw " + root)
			.orElse(root.toString());
	}

	private static @Nullable FailureAnalysis clash(BeanDefinitionOverrideException clash, Plugins plugins) {
		Path one = jar(clash.getExistingDefinition(), plugins);
		Path other = jar(clash.getBeanDefinition(), plugins);
		if (one == null && other == null) {
			return null;
		}
		return new FailureAnalysis(
				"Two beans have the name '%s': one of %s, one of %s.".formatted(clash.getBeanName(),
						(one != null) ? one : "Weir or one of its libraries",
						(other != null) ? other : "Weir or one of its libraries"),
				"Give one of them another bean name (it is also the name of a protocol), or take one jar out of the "
						+ "folder of plug-ins",
				clash);
	}

	private static @Nullable Path jar(BeanDefinition definition, Plugins plugins) {
		String maker = Protocols.maker(definition);
		return (maker != null) ? plugins.having(maker) : null;
	}

}
