package io.weir.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.time.Duration;
import java.util.Objects;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;

/**
 * The bounds of a number, a time or a size, written as the user writes them.
 */
@Documented
@Constraint(validatedBy = { Within.OfInteger.class, Within.OfDuration.class, Within.OfDataSize.class })
@Target({ ElementType.FIELD, ElementType.PARAMETER })
@Retention(RetentionPolicy.RUNTIME)
@interface Within {

	/**
	 * The least value, for instance {@code 100ms}.
	 */
	String min();

	/**
	 * The greatest value, for instance {@code 365d}.
	 */
	String max();

	/**
	 * What 0 stands for where it is allowed although it is below {@link #min()}, for
	 * instance {@code never}. Empty if it is not allowed.
	 */
	String zero() default "";

	String message() default "must be {min} to {max}";

	Class<?>[] groups() default {};

	Class<? extends Payload>[] payload() default {};

	/**
	 * Holds a value against the bounds. None is right.
	 *
	 * @param <T> the type of the value
	 */
	abstract class Bounds<T extends Comparable<T>> implements ConstraintValidator<Within, T> {

		private @Nullable T min;

		private @Nullable T max;

		private @Nullable T zero;

		@Override
		public void initialize(Within within) {
			this.min = parse(within.min());
			this.max = parse(within.max());
			this.zero = within.zero().isEmpty() ? null : parse("0");
		}

		@Override
		public boolean isValid(@Nullable T value, ConstraintValidatorContext context) {
			return value == null || value.equals(this.zero) || (value.compareTo(Objects.requireNonNull(this.min)) >= 0
					&& value.compareTo(Objects.requireNonNull(this.max)) <= 0);
		}

		abstract T parse(String text);

	}

	/**
	 * Bounds of a number.
	 */
	class OfInteger extends Bounds<Integer> {

		@Override
		Integer parse(String text) {
			return Integer.valueOf(text);
		}

	}

	/**
	 * Bounds of a time.
	 */
	class OfDuration extends Bounds<Duration> {

		@Override
		Duration parse(String text) {
			return DurationStyle.detectAndParse(text);
		}

	}

	/**
	 * Bounds of a size.
	 */
	class OfDataSize extends Bounds<DataSize> {

		@Override
		DataSize parse(String text) {
			return DataSize.parse(text);
		}

	}

}
