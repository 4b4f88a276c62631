package io.weir.config;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.mock.env.MockEnvironment;

import io.weir.api.ConnectionHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Protocols}.
 */
class ProtocolsTests {

	private static final ConnectionHandler ECHO = (connection) -> {
	};

	private static final ConnectionHandler OTHER = (connection) -> {
	};

	private final MockEnvironment environment = new MockEnvironment();

	@ParameterizedTest
	@ValueSource(strings = { "echo-record", "ECHO_RECORD", "echoRecord", "Echo-Record" })
	void whenANameIsSpeltOtherwiseThenTheBeanIsFound(String name) {
		Protocols protocols = new Protocols(Map.of("echo-record", ECHO, "echo", OTHER), this.environment);
		assertThat(protocols.find(name)).isEqualTo(Map.entry("echo-record", ECHO));
	}

	@Test
	void whenANameIsUnknownThenTheReportListsTheKnownOnesAndTheNearest() {
		this.environment.setProperty("tcp.server.protocol", "ehco");
		Protocols protocols = new Protocols(Map.of("echo", ECHO, "mine", OTHER), this.environment);
		assertThatExceptionOfType(InvalidConfigurationException.class).isThrownBy(() -> protocols.find("ehco"))
			.withMessageContaining("tcp.server.protocol=ehco: must be one of echo, mine; did you mean echo?");
	}

	@Test
	void whenTwoBeansFitThenTheReportSaysSo() {
		Protocols protocols = new Protocols(Map.of("echo-record", ECHO, "echoRecord", OTHER), this.environment);
		assertThatExceptionOfType(InvalidConfigurationException.class).isThrownBy(() -> protocols.find("echo-record"))
			.withMessageContaining("fits more than one of echo-record, echoRecord");
	}

}
