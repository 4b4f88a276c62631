package io.weir.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import org.jspecify.annotations.Nullable;

import io.weir.struct.StructFormat;
import io.weir.struct.StructFormatException;

/**
 * The text must be a format of Python's {@code struct} module, of at least one byte.
 */
@Documented
@Constraint(validatedBy = RecordFormat.Validator.class)
@Target({ ElementType.FIELD, ElementType.PARAMETER })
@Retention(RetentionPolicy.RUNTIME)
@interface RecordFormat {

	String message() default "must be a record format";

	Class<?>[] groups() default {};

	Class<? extends Payload>[] payload() default {};

	/**
	 * Says what is wrong with a format, and where.
	 */
	class Validator implements ConstraintValidator<RecordFormat, String> {

		private static final int MAX_BYTES = 16 * 1024 * 1024;

		@Override
		public boolean isValid(@Nullable String value, ConstraintValidatorContext context) {
			String problem = (value != null) ? problem(value) : null;
			if (problem != null) {
				context.disableDefaultConstraintViolation();
				// Braces and dollars would be taken for an expression
				context.buildConstraintViolationWithTemplate(problem.replaceAll("[\\\\{}$]", "\\\\$0"))
					.addConstraintViolation();
			}
			return problem == null;
		}

		private static @Nullable String problem(String format) {
			try {
				int size = StructFormat.parse(format).size();
				if (size == 0) {
					return "a record of no bytes: '" + format + "' has no item that takes space";
				}
				return (size <= MAX_BYTES) ? null : "a record of " + size + " bytes: max is " + MAX_BYTES;
			}
			catch (StructFormatException ex) {
				return ex.getMessage();
			}
		}

	}

}
