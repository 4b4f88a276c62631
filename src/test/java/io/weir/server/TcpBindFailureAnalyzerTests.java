package io.weir.server;

import java.io.IOException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.io.support.SpringFactoriesLoader;

import io.weir.server.TcpBindException.Problem;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TcpBindFailureAnalyzer} and {@link TcpBindException}.
 */
class TcpBindFailureAnalyzerTests {

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

	@Test
	void whenTheApplicationFailsThenTheAnalyzerIsFound() {
		assertThat(SpringFactoriesLoader.forDefaultResourceLocation()
			.load(FailureAnalyzer.class, (type, name, failure) -> {
			})).hasAtLeastOneElementOfType(TcpBindFailureAnalyzer.class);
	}

	private static FailureAnalysis analyze(Problem problem, String host, int port) {
		FailureAnalysis analysis = new TcpBindFailureAnalyzer()
			.analyze(new IllegalStateException("Failed to start bean", exception(problem, host, port)));
		assertThat(analysis).isNotNull();
		return java.util.Objects.requireNonNull(analysis);
	}

	private static TcpBindException exception(Problem problem, String host, int port) {
		return new TcpBindException(problem, host, port, new IOException("the cause"));
	}

}
