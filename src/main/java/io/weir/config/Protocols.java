package io.weir.config;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Map.Entry;
import java.util.TreeSet;

import org.springframework.core.env.Environment;

import io.weir.api.ConnectionHandler;

/**
 * The protocols by the names of their beans, relaxed as names are everywhere:
 * {@code ECHO_RECORD} is {@code echo-record}.
 */
final class Protocols {

	private static final String PROPERTY = "tcp.server.protocol";

	private final Map<String, ConnectionHandler> handlers;

	private final Environment environment;

	/**
	 * Creates the choice.
	 * @param handlers the beans by name
	 * @param environment where the name comes from, for the report
	 */
	Protocols(Map<String, ConnectionHandler> handlers, Environment environment) {
		this.handlers = handlers;
		this.environment = environment;
	}

	/**
	 * Finds a protocol.
	 * @param name its name, in any spelling
	 * @return the bean and its name
	 * @throws InvalidConfigurationException if there is none, or several fit the name
	 */
	Entry<String, ConnectionHandler> find(String name) {
		List<Entry<String, ConnectionHandler>> found = this.handlers.entrySet()
			.stream()
			.filter((entry) -> canonical(entry.getKey()).equals(canonical(name)))
			.toList();
		if (found.size() != 1) {
			String known = String.join(", ", new TreeSet<>(this.handlers.keySet()));
			String reason = found.isEmpty() ? "must be one of " + known + Nearest.question(name, this.handlers.keySet())
					: "fits more than one of " + known + ", which must differ by more than dashes and case";
			throw new InvalidConfigurationException(List.of(Mistake.of(this.environment, PROPERTY, reason)));
		}
		return found.getFirst();
	}

	private static String canonical(String name) {
		return name.replaceAll("[-_]", "").toLowerCase(Locale.ROOT);
	}

}
