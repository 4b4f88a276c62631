package io.weir.protocol;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Protocol}.
 */
class ProtocolTests {

	@Test
	void whenAskedForItsTextThenItIsTheConfigurationsName() {
		assertThat(Protocol.values()).extracting(Protocol::text)
			.containsExactly("echo-record", "echo", "record", "discard");
	}

	@Test
	void whenAskedForAHandlerThenItIsTheProtocols() {
		assertThat(Protocol.ECHO_RECORD.handler(10, Recipe.FORMAT)).isInstanceOf(EchoRecordHandler.class);
		assertThat(Protocol.ECHO.handler(10, Recipe.FORMAT)).isInstanceOf(EchoHandler.class);
		assertThat(Protocol.RECORD.handler(10, Recipe.FORMAT)).isInstanceOf(RecordHandler.class);
		assertThat(Protocol.DISCARD.handler(10, Recipe.FORMAT)).isInstanceOf(DiscardHandler.class);
	}

}
