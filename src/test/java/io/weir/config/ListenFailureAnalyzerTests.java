package io.weir.config;

import java.io.IOException;
import java.net.BindException;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.web.server.WebServerException;
import org.springframework.context.ApplicationContextException;
import org.springframework.mock.env.MockEnvironment;

import io.weir.WeirApplication;
import io.weir.server.TcpBindException;
import io.weir.server.TcpBindException.Problem;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ListenFailureAnalyzer}.
 */
class ListenFailureAnalyzerTests {

	@BeforeEach
	void startTheService() {
		Service.starting(new SpringApplication(WeirApplication.class));
	}

	@AfterEach
	void startAnother() {
		Service.starting(new SpringApplication(ListenFailureAnalyzerTests.class));
	}

	@ParameterizedTest
	@EnumSource
	void whenListeningFailsThenTheReportNamesThePropertiesAndWhatToDo(Problem problem) {
		FailureAnalysis analysis = analyze(problem, "somewhere", 81);
		assertThat(analysis.getDescription()).contains("tcp.server.host=somewhere", "tcp.server.port=81")
			.doesNotContain("Exception");
		assertThat(analysis.getAction()).isNotBlank();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
			PORT_IN_USE          | Port 81 of somewhere is already in use                       | tcp.server.port
			PORT_NEEDS_PRIVILEGE | below net.ipv4.ip_unprivileged_port_start                   | CAP_NET_BIND_SERVICE
			ADDRESS_NOT_LOCAL    | somewhere is not one of this machine's addresses             | tcp.server.host
			UNKNOWN_HOST         | 'somewhere' does not resolve                                 | /etc/hosts
			NOT_IPV4             | 'somewhere' has no IPv4 address, and Weir listens on IPv4 only | IPv4 address
			OTHER                | The system refused: the cause                                | tcp.server.host
			""")
	void whenListeningFailsThenTheKindHasItsOwnDescriptionAndAction(Problem problem, String description,
			String action) {
		FailureAnalysis analysis = analyze(problem, "somewhere", 81);
		assertThat(analysis.getDescription()).contains(description);
		assertThat(analysis.getAction()).contains(action);
	}

	@Test
	void whenTheHostIsEmptyThenAnyAddressIsNamed() {
		assertThat(analyze(Problem.PORT_IN_USE, "", 81).getDescription()).contains("Port 81 of 0.0.0.0");
		assertThat(exception(Problem.PORT_IN_USE, "", 81))
			.hasMessage("Cannot listen on 0.0.0.0:81: the port is in use");
	}

	@ParameterizedTest
	@CsvSource({ "Address already in use, Port 81 of 192.0.2.1 is already in use",
			"Permission denied, below net.ipv4.ip_unprivileged_port_start",
			"Cannot assign requested address, 192.0.2.1 is not one of this machine's addresses",
			"No buffer space available, The system refused: No buffer space available" })
	void whenTheActuatorCanNotListenThenTheReportIsOfTheSameKind(String message, String description) {
		for (String prefix : List.of("server", "management.server")) {
			FailureAnalysis analysis = analyze(web(message, prefix.startsWith("management")),
					Map.of(prefix + ".address", "192.0.2.1", prefix + ".port", "81"));
			assertThat(analysis.getDescription())
				.startsWith(
						"The actuator could not listen on " + prefix + ".address=192.0.2.1, " + prefix + ".port=81.")
				.contains(description)
				.doesNotContain("java", "Exception");
			assertThat(analysis.getAction()).contains(prefix);
		}
	}

	@Test
	void whenTheWebServerIsAnotherApplicationsThenItIsLeftToSpringBoot() {
		startAnother();
		assertThat(new ListenFailureAnalyzer(new MockEnvironment()).analyze(web("Address already in use", false)))
			.isNull();
		assertThat(analyze(Problem.PORT_IN_USE, "somewhere", 81).getDescription()).contains("tcp.server.port");
	}

	@Test
	void whenItIsAnotherFailureThenItIsLeftToOthers() {
		assertThat(new ListenFailureAnalyzer(new MockEnvironment()).analyze(new IOException("other"))).isNull();
	}

	// As Spring Boot nests it: a management server of its own is started by the main
	// context
	private static Throwable web(String message, boolean management) {
		Throwable failure = new ApplicationContextException("Failed to start bean 'webServerStartStop'",
				new WebServerException("Unable to start embedded Tomcat server", new BindException(message)));
		return management ? new ApplicationContextException("Failed to start bean 'childManagement'", failure)
				: failure;
	}

	private static FailureAnalysis analyze(Problem problem, String host, int port) {
		return analyze(new IllegalStateException("Failed to start bean", exception(problem, host, port)), Map.of());
	}

	private static FailureAnalysis analyze(Throwable failure, Map<String, String> properties) {
		MockEnvironment environment = new MockEnvironment();
		properties.forEach(environment::setProperty);
		return Objects.requireNonNull(new ListenFailureAnalyzer(environment).analyze(failure));
	}

	private static TcpBindException exception(Problem problem, String host, int port) {
		return new TcpBindException(problem, host, port, new IOException("the cause"));
	}

}
