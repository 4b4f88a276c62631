package io.weir.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Objects;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.convert.ApplicationConversionService;

/**
 * The bounds of a number, a time or a size, written as the user writes them.
 */
@Documented
@Constraint(validatedBy = Within.Validator.class)
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
	 */
	class Validator implements ConstraintValidator<Within, Object> {

		private @Nullable Within within;

		@Override
		public void initialize(Within bounds) {
			this.within = bounds;
		}

		@Override
		public boolean isValid(@Nullable Object value, ConstraintValidatorContext context) {
			Within bounds = Objects.requireNonNull(this.within);
			return value == null || (!bounds.zero().isEmpty() && compare(value, "0") == 0)
					|| (compare(value, bounds.min()) >= 0 && compare(value, bounds.max()) <= 0);
		}

		// Reads a bound as Spring Boot reads the user's value
		@SuppressWarnings("unchecked")
		private static int compare(Object value, String bound) {
			return ((Comparable<Object>) value).compareTo(Objects
				.requireNonNull(ApplicationConversionService.getSharedInstance().convert(bound, value.getClass())));
		}

	}

}
