package io.weir.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.json.JsonParserFactory;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ClassPathResource;

import io.weir.protocol.Protocol;
import io.weir.server.ConnectionThreads;
import io.weir.tls.ClientAuth;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What editors know of the settings, as the build generates it.
 */
class ConfigurationMetadataTests {

	@Test
	void everyEnumHasItsValuesAsHints() throws IOException {
		assertThat(values("tcp.server.threads")).isEqualTo(names(ConnectionThreads.values()));
		assertThat(values("tcp.server.protocol")).isEqualTo(names(Protocol.values()));
		assertThat(values("tcp.server.ssl.client-auth")).isEqualTo(names(ClientAuth.values()));
		assertThat(values("tcp.server.records.output")).isEqualTo(names(RecordsTo.values()));
		assertThat(values("tcp.server.health.full")).isEqualTo(names(FullReadiness.values()));
	}

	@Test
	void theDefaultsAreThoseOfTheService() throws IOException {
		PropertySource<?> yaml = new YamlPropertySourceLoader()
			.load("application.yml", new ClassPathResource("application.yml"))
			.getFirst();
		assertThat(items("properties"))
			.filteredOn(
					(item) -> String.valueOf(item.get("name")).endsWith(".access") && item.containsKey("defaultValue"))
			.isNotEmpty()
			.allSatisfy((item) -> assertThat(item.get("defaultValue")).as(item.toString())
				.isEqualTo(yaml.getProperty(String.valueOf(item.get("name")))));
	}

	@Test
	void everySettingIsDescribed() throws IOException {
		assertThat(items("properties")).filteredOn((item) -> String.valueOf(item.get("name")).startsWith("tcp.server."))
			.hasSizeGreaterThan(20)
			.allSatisfy((item) -> assertThat(item).as(item.toString()).containsKey("description"));
	}

	private static List<String> names(Enum<?>[] values) {
		return Stream.of(values).map((value) -> value.name().toLowerCase(Locale.ROOT).replace('_', '-')).toList();
	}

	private static List<String> values(String name) throws IOException {
		return items("hints").stream()
			.filter((hint) -> name.equals(hint.get("name")))
			.flatMap((hint) -> ((List<?>) Objects.requireNonNull(hint.get("values"))).stream())
			.map((value) -> String.valueOf(((Map<?, ?>) value).get("value")))
			.toList();
	}

	@SuppressWarnings("unchecked")
	private static List<Map<String, Object>> items(String kind) throws IOException {
		return (List<Map<String, Object>>) Objects.requireNonNull(JsonParserFactory.getJsonParser()
			.parseMap(new ClassPathResource("META-INF/spring-configuration-metadata.json")
				.getContentAsString(StandardCharsets.UTF_8))
			.get(kind));
	}

}
