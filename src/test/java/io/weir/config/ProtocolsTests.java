package io.weir.config;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.mock.env.MockEnvironment;

import io.weir.api.ConnectionHandler;
import io.weir.config.Protocols.Protocol;
import io.weir.server.ProtocolSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Protocols}.
 */
class ProtocolsTests {

	private static final ConnectionHandler HANDLER = (connection) -> {
	};

	private final MockEnvironment environment = new MockEnvironment();

	@ParameterizedTest
	@ValueSource(strings = { "echo-record", "ECHO_RECORD", "echoRecord", "Echo-Record" })
	void whenANameIsSpeltOtherwiseThenTheBeanIsFound(String name) {
		Protocol found = protocols("weir.protocol.echo-record", "weir.protocol.echo").find(name);
		assertThat(found.name()).isEqualTo("echo-record");
		assertThat(found.source()).isEqualTo(ProtocolSource.BUILT_IN);
	}

	@Test
	void whenABeanIsTheApplicationsThenItsNameIsTheProtocols() {
		Protocol found = protocols("weir.protocol.echo", "myLines").find("my-lines");
		assertThat(found.name()).isEqualTo("myLines");
		assertThat(found.handler()).isSameAs(HANDLER);
		assertThat(found.source()).isEqualTo(ProtocolSource.BEAN);
	}

	@Test
	void whenANameIsUnknownThenTheReportListsTheKnownOnesAndTheNearest() {
		this.environment.setProperty("tcp.server.protocol", "ehco");
		Protocols protocols = protocols("weir.protocol.echo", "mine");
		assertThatExceptionOfType(InvalidConfigurationException.class).isThrownBy(() -> protocols.find("ehco"))
			.withMessageContaining("tcp.server.protocol=ehco: must be one of echo, mine; did you mean echo?");

	}

	@ParameterizedTest
	@CsvSource({ "echo-record, the built-in protocol echo-record, weir.protocol.echo-record, echoRecord",
			"case, the built-in protocol echo, ECHO, weir.protocol.echo", "dashes, the protocol lines, lines, line-s" })
	void whenTwoHaveOneNameThenTheReportSaysSoWhicheverIsAskedFor(String description, String words, String one,
			String other) {
		assertThatExceptionOfType(InvalidConfigurationException.class).as(description)
			.isThrownBy(() -> protocols("weir.protocol.discard", one, other))
			.satisfies((report) -> assertThat(report.action()).contains("another bean name"))
			.withMessageContaining(words)
			.withMessageContaining("made by " + HANDLER.getClass().getName());
	}

	private Protocols protocols(String... names) {
		DefaultListableBeanFactory beans = new DefaultListableBeanFactory();
		for (String name : names) {
			beans.registerSingleton(name, HANDLER);
		}
		return new Protocols(beans, this.environment);
	}

}
