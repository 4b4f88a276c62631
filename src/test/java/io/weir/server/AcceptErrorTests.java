package io.weir.server;

import java.io.IOException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AcceptError}.
 */
class AcceptErrorTests {

	@ParameterizedTest
	@CsvSource({ "Too many open files, EMFILE", "Too many open files in system, ENFILE",
			"Cannot allocate memory, ENOMEM", "No buffer space available, ENOMEM", "Protocol error, OTHER" })
	void whenAcceptFailedThenTheErrorIsKnownByItsText(String text, AcceptError error) {
		assertThat(AcceptError.of(new IOException(text))).isEqualTo(error);
	}

	@Test
	void whenThereIsNoTextThenTheErrorIsOther() {
		assertThat(AcceptError.of(new IOException())).isEqualTo(AcceptError.OTHER);
	}

	@Test
	void whenShownThenItIsTheErrnosName() {
		assertThat(AcceptError.values()).extracting(AcceptError::text)
			.containsExactly("EMFILE", "ENFILE", "ENOMEM", "other");
		assertThat(AcceptError.values()).extracting(AcceptError::remedy).allMatch((remedy) -> !remedy.isBlank());
	}

}
