package io.weir.text;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EscapedFailure}.
 */
class EscapedFailureTests {

	@Test
	void whenMessagesQuoteAPeerThenNoLineCanBeForged() {
		Throwable failure = new IllegalStateException("a\n2026 INFO forged", new NumberFormatException("\u2028b"));
		EscapedFailure escaped = new EscapedFailure(failure);
		assertThat(escaped).hasMessage("java.lang.IllegalStateException: a\\n2026 INFO forged");
		assertThat(escaped.getStackTrace()).isEqualTo(failure.getStackTrace());
		assertThat(escaped.getCause()).hasMessage("java.lang.NumberFormatException: \\u2028b");
	}

	@Test
	void whenCausesFormACircleThenItEnds() {
		Throwable one = new IllegalStateException("one");
		one.initCause(new IllegalStateException("two", one));
		assertThat(new EscapedFailure(one)).hasCauseInstanceOf(EscapedFailure.class);
	}

}
