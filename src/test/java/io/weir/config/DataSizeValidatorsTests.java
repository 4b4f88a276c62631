package io.weir.config;

import jakarta.validation.Validation;
import jakarta.validation.Validator;
import jakarta.validation.ValidatorFactory;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DataSizeValidators}, found as services.
 */
class DataSizeValidatorsTests {

	@Test
	void whenASizeIsBoundedThenItsBytesCount() {
		assertThat(isValid(DataSize.ofBytes(1024))).isTrue();
		assertThat(isValid(DataSize.ofBytes(1023))).isFalse();
		assertThat(isValid(DataSize.ofKilobytes(2))).isTrue();
		assertThat(isValid(DataSize.ofBytes(2049))).isFalse();
		assertThat(isValid(DataSize.ofBytes(-5000))).isFalse();
		assertThat(isValid(null)).isTrue();
	}

	private static boolean isValid(@Nullable DataSize size) {
		try (ValidatorFactory factory = Validation.buildDefaultValidatorFactory()) {
			Validator validator = factory.getValidator();
			return validator.validate(new Bounded(size)).isEmpty();
		}
	}

	private record Bounded(@Min(1024) @Max(2048) @Nullable DataSize size) {
	}

}
