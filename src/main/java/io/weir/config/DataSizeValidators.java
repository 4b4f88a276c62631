package io.weir.config;

import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;

import org.springframework.util.unit.DataSize;

/**
 * Let {@link Min} and {@link Max} bound a {@link DataSize}, in bytes. Registered as
 * services.
 */
public final class DataSizeValidators {

	private DataSizeValidators() {
	}

	/**
	 * At least so many bytes.
	 */
	public static class AtLeast implements ConstraintValidator<Min, DataSize> {

		private long bytes;

		@Override
		public void initialize(Min constraint) {
			this.bytes = constraint.value();
		}

		@Override
		public boolean isValid(@Nullable DataSize value, ConstraintValidatorContext context) {
			return value == null || value.toBytes() >= this.bytes;
		}

	}

	/**
	 * At most so many bytes.
	 */
	public static class AtMost implements ConstraintValidator<Max, DataSize> {

		private long bytes;

		@Override
		public void initialize(Max constraint) {
			this.bytes = constraint.value();
		}

		@Override
		public boolean isValid(@Nullable DataSize value, ConstraintValidatorContext context) {
			return value == null || value.toBytes() <= this.bytes;
		}

	}

}
