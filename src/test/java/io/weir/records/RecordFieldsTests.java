package io.weir.records;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.struct.StructFormat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link RecordFields}.
 */
class RecordFieldsTests {

	@Test
	void whenNamesAreGivenThenTheyAreInTheirOrderWithoutTheirForms() {
		RecordFields fields = RecordFields.of(List.of("id", "tag:hex", "at the end"), StructFormat.parse("B 2s x d"));
		assertThat(fields.names()).containsExactly("id", "tag", "at the end");
		assertThat(fields.forms()).containsExactly(RecordFields.Form.TEXT, RecordFields.Form.HEX,
				RecordFields.Form.TEXT);
	}

	@Test
	void whenNoneAreGivenThenTheyAreNumbered() {
		assertThat(RecordFields.of(List.of(), StructFormat.parse("B 2s x 2h")).names()).containsExactly("f1", "f2",
				"f3", "f4");
		assertThat(RecordFields.of(List.of(), StructFormat.parse("x")).names()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
			a,b                 | 2 names for 3 values: the record format 'B 2s h' has 3
			a,b,c,d             | 4 names for 3 values: the record format 'B 2s h' has 3
			a,b,a               | 'a' is there twice
			a,b,b:hex           | 'b' is there twice
			at,b,c              | 'at' is reserved
			a,connection:hex,c  | 'connection' is reserved
			a,b,peer            | 'peer' is reserved
			a,   ,c             | name 2 is empty
			a,:hex,c            | name 2 is empty
			a,b:octal,c         | 'b:octal': after the colon must be hex or base64
			a,b,c:base64        | value 3 is none of them
			a:hex,b,c           | value 1 is none of them
			""")
	void whenTheyDoNotFitThenItIsSaidWhy(String fields, String problem) {
		List<String> given = List.of(fields.replace("'", "").split(",", -1));
		StructFormat format = StructFormat.parse("B 2s h");
		assertThat(RecordFields.problem(given, format)).contains(problem);
		assertThatIllegalArgumentException().isThrownBy(() -> RecordFields.of(given, format))
			.withMessageContaining(problem);
	}

	@Test
	void whenSeveralDoNotFitThenAllAreNamed() {
		assertThat(RecordFields.problem(List.of("at", "a", "a", "b:x"), StructFormat.parse("B")))
			.contains("4 names for 1 values", "'at'", "'a' is there twice", "'b:x'");
	}

}
