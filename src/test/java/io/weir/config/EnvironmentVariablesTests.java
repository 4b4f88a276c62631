package io.weir.config;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EnvironmentVariables}.
 */
class EnvironmentVariablesTests {

	private static final List<KnownSetting> SETTINGS = KnownSetting.of("tcp.server", Settings.class);

	@ParameterizedTest
	@ValueSource(strings = { "TCP_SERVER_PORT", "TCP_SERVER_ALLOW", "TCP_SERVER_ALLOW_0", "TCP_SERVER_ALLOW_12",
			"TCP_SERVER_PROXYPROTOCOL_TRUSTED_0", "TCP_SERVER_PROXY_PROTOCOL_TRUSTED",
			"TCP_SERVER_PROXY_PROTOCOL_TRUSTED_1", "TCP_SERVER_PROXY_PROTOCOL_REUSE_PORT", "tcp_server_allow_0",
			"TCP_SERVER", "TCP_SERVERS_PORT", "PATH" })
	void whenSpringBindsAVariableOrItIsAnotherThenItIsNoMistake(String name) {
		EnvironmentVariables variables = variables(name, "1");
		assertThat(variables.unknown()).isEmpty();
		assertThat(variables.serviceLinks()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "TCP_SERVER_ALOW", "TCP_SERVER_ALLOW_X", "TCP_SERVER_PORT_0", "TCP_SERVER_ALLOW_0_0",
			"TCP_SERVER_METRICS_PORT", "TCP_SERVER_SERVICE", "TCP_SERVER_PROXYPROTOCOL", "TCP_SERVER_PORT_9999_TCP_X" })
	void whenAVariableNamesNoSettingThenItIsAMistake(String name) {
		assertThat(variables(name, "1").unknown()).singleElement()
			.satisfies((mistake) -> assertThat(mistake.name()).isEqualTo(name));
	}

	@ParameterizedTest
	@CsvSource({ "TCP_SERVER_SERVICE_HOST, 10.0.0.1", "TCP_SERVER_SERVICE_PORT, 9999",
			"TCP_SERVER_SERVICE_PORT_ACTUATOR, 8080", "TCP_SERVER_PORT_9999_TCP, tcp://10.0.0.1:9999",
			"TCP_SERVER_PORT_9999_TCP_PROTO, tcp", "TCP_SERVER_PORT_53_UDP_PORT, 53",
			"TCP_SERVER_PORT_9999_TCP_ADDR, 10.0.0.1", "TCP_SERVER_METRICS_SERVICE_HOST, 10.0.0.1",
			"TCP_SERVER_METRICS_SERVICE_PORT_HTTP, 80", "TCP_SERVER_METRICS_PORT, tcp://10.0.0.1:80",
			"TCP_SERVER_METRICS_PORT_80_TCP_PROTO, tcp" })
	void whenAVariableIsAServiceLinkThenItIsIgnored(String name, String value) {
		EnvironmentVariables variables = variables(name, value);
		assertThat(variables.serviceLinks()).containsExactly(name);
		assertThat(variables.unknown()).isEmpty();
	}

	private static EnvironmentVariables variables(String name, String value) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.replace("systemEnvironment",
					new SystemEnvironmentPropertySource("systemEnvironment", Map.of(name, value)));
		return EnvironmentVariables.of(environment, SETTINGS);
	}

	private record Settings(int port, List<String> allow, ProxyProtocol proxyProtocol) {
	}

	private record ProxyProtocol(List<String> trusted, boolean reusePort) {
	}

}
