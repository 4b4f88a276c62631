package io.weir.config;

import java.util.List;

import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.json.JsonParseException;
import org.springframework.boot.json.JsonParserFactory;
import org.springframework.boot.support.SpringApplicationJsonEnvironmentPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Reports a {@code SPRING_APPLICATION_JSON} of the service's that is no JSON object,
 * before Spring Boot reads it, which has no report for it. Its text may hold passwords
 * and is not shown.
 */
class ApplicationJsonCheck implements EnvironmentPostProcessor, Ordered {

	private static final ConfigurationPropertyName NAME = ConfigurationPropertyName
		.of(SpringApplicationJsonEnvironmentPostProcessor.SPRING_APPLICATION_JSON_PROPERTY);

	@Override
	public int getOrder() {
		return SpringApplicationJsonEnvironmentPostProcessor.DEFAULT_ORDER - 1;
	}

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		ConfigurationProperty given = Service.is(application) ? Mistake.given(environment, NAME) : null;
		if (given != null && given.getValue() instanceof String json && !json.isEmpty()) {
			check(given, json);
		}
	}

	private static void check(ConfigurationProperty given, String json) {
		try {
			JsonParserFactory.getJsonParser().parseMap(json);
		}
		catch (JsonParseException ex) {
			Mistake mistake = new Mistake("Property", NAME.toString(), null, Mistake.origin(given.getOrigin()),
					"it is no JSON object" + place(json));
			throw new InvalidConfigurationException(List.of(mistake),
					"Correct it, for instance {\"tcp\": {\"server\": {\"port\": 9999}}}", ex);
		}
	}

	// JSON is YAML, nearly, and YAML's parser says where it stops
	private static String place(String json) {
		try {
			new Yaml(new SafeConstructor(new LoaderOptions())).load(json);
			return "";
		}
		catch (MarkedYAMLException ex) {
			Mark mark = ex.getProblemMark();
			return (mark != null) ? ": line %d, column %d".formatted(mark.getLine() + 1, mark.getColumn() + 1) : "";
		}
	}

}
