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

import io.weir.transport.AddressPrefix;

/**
 * The text must be a prefix of addresses, see {@link AddressPrefix#parse}.
 */
@Documented
@Constraint(validatedBy = Prefix.Validator.class)
@Target(ElementType.TYPE_USE)
@Retention(RetentionPolicy.RUNTIME)
@interface Prefix {

	String message() default "must be an address prefix";

	Class<?>[] groups() default {};

	Class<? extends Payload>[] payload() default {};

	/**
	 * Says what is wrong with a prefix.
	 */
	class Validator implements ConstraintValidator<Prefix, String> {

		@Override
		public boolean isValid(@Nullable String value, ConstraintValidatorContext context) {
			String text = (value != null) ? value : "";
			try {
				AddressPrefix.parse(text);
				return true;
			}
			catch (IllegalArgumentException ex) {
				context.disableDefaultConstraintViolation();
				// Braces and dollars would be taken for an expression
				String problem = "'" + text + "' " + ex.getMessage();
				context.buildConstraintViolationWithTemplate(problem.replaceAll("[\\\\{}$]", "\\\\$0"))
					.addConstraintViolation();
				return false;
			}
		}

	}

}
