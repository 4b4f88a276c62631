package io.weir.text;

import java.util.Set;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PeerTextTests {

	// Asked of the JDK's regular expressions, not of Character.getType
	private static final Pattern NOT_PRINTABLE = Pattern.compile("[\\p{C}\\p{Z}&&[^ ]]");

	private static final Set<Integer> SHORT = Set.of((int) '\t', (int) '\n', (int) '\r', (int) '\\');

	@Test
	void whenACodePointIsNotPrintableThenItIsEscapedAsPythonDoes() {
		int escaped = 0;
		for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
			String text = Character.toString(codePoint);
			String line = PeerText.escape("a" + text + "b");
			if (SHORT.contains(codePoint)) {
				continue;
			}
			if (NOT_PRINTABLE.matcher(text).matches()) {
				escaped++;
				String expected = (codePoint < 0x100) ? "\\x%02x" : (codePoint < 0x10000) ? "\\u%04x" : "\\U%08x";
				assertThat(line).isEqualTo("a" + expected.formatted(codePoint) + "b");
			}
			else {
				assertThat(line).isEqualTo("a" + text + "b");
			}
		}
		// Surrogates and private use alone are 139,516
		assertThat(escaped).isGreaterThan(139_516);
	}

	@Test
	void whenATextHasLineEndsOrBackslashesThenTheEscapesCanBeToldFromThem() {
		assertThat(PeerText.escape("a\tb\nc\rd\\n")).isEqualTo("a\\tb\\nc\\rd\\\\n");
		assertThat(PeerText.escape("\u0085\u2028\u202e\u009b\u00ad\u00a0\u3000"))
			.isEqualTo("\\x85\\u2028\\u202e\\x9b\\xad\\xa0\\u3000");
	}

	@Test
	void whenATextIsPrintableThenItIsLeftAsItIs() {
		assertThat(PeerText.escape("CN=M\u00fcller, O=\u682a\u5f0f\u4f1a\u793e \ud83d\ude00"))
			.isEqualTo("CN=M\u00fcller, O=\u682a\u5f0f\u4f1a\u793e \ud83d\ude00");
		assertThat(PeerText.escape("")).isEmpty();
		assertThat(PeerText.escape(null)).isEqualTo("null");
	}

	@Test
	void whenSurrogatesAreAloneThenEachIsEscaped() {
		assertThat(PeerText.escape("\ud83d")).isEqualTo("\\ud83d");
		assertThat(PeerText.escape("\ude00\ud83d")).isEqualTo("\\ude00\\ud83d");
	}

	@Test
	void whenATextIsLongThenItIsCutAndItsLengthNamed() {
		assertThat(PeerText.escape("a".repeat(256))).isEqualTo("a".repeat(256));
		assertThat(PeerText.escape("a".repeat(257))).isEqualTo("a".repeat(256) + "... (257 characters)");
		String face = "\ud83d\ude00";
		assertThat(PeerText.escape(face.repeat(256))).isEqualTo(face.repeat(256));
		assertThat(PeerText.escape(face.repeat(300))).isEqualTo(face.repeat(256) + "... (300 characters)");
		assertThat(PeerText.escape("\n".repeat(45_000))).isEqualTo("\\n".repeat(256) + "... (45000 characters)");
	}

}
