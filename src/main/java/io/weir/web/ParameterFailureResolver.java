package io.weir.web;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameter;
import org.springframework.boot.actuate.endpoint.invoke.ParameterMappingException;
import org.springframework.core.Ordered;
import org.springframework.http.HttpStatus;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.view.json.JacksonJsonView;

/**
 * Answers a parameter of an endpoint that is not valid with a 400 that says what is: an
 * enum's values in lower case, true and false, or what the endpoint says.
 */
class ParameterFailureResolver implements HandlerExceptionResolver, Ordered {

	private final JacksonJsonView view = new JacksonJsonView();

	private final @Nullable String path;

	/**
	 * Creates a resolver.
	 * @param path what the paths begin with that it answers for, in whole segments, or
	 * null for none
	 */
	ParameterFailureResolver(@Nullable String path) {
		this.path = (path != null) ? path + '/' : null;
	}

	@Override
	public int getOrder() {
		return HIGHEST_PRECEDENCE;
	}

	@Override
	public @Nullable ModelAndView resolveException(HttpServletRequest request, HttpServletResponse response,
			@Nullable Object handler, Exception failure) {
		if (this.path == null || !(request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE) + "/")
			.startsWith(this.path)) {
			return null;
		}
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof ParameterMappingException mapping) {
				return answer(message(mapping.getParameter(), mapping.getValue()));
			}
			if (cause instanceof InvalidEndpointRequestException invalid) {
				return answer(String.valueOf(invalid.getReason()));
			}
		}
		return null;
	}

	private ModelAndView answer(String message) {
		ModelAndView answer = new ModelAndView(this.view, Map.of("status", HttpStatus.BAD_REQUEST.value(), "error",
				HttpStatus.BAD_REQUEST.getReasonPhrase(), "message", message));
		answer.setStatus(HttpStatus.BAD_REQUEST);
		return answer;
	}

	private static String message(OperationParameter parameter, @Nullable Object value) {
		String valid = valid(parameter.getType());
		return "%s: '%s' is ".formatted(parameter.getName(), value)
				+ ((valid != null) ? "none of " + valid : "not valid");
	}

	private static @Nullable String valid(Class<?> type) {
		if (type == Boolean.class) {
			return "true, false";
		}
		Object[] constants = type.getEnumConstants();
		return (constants != null) ? Arrays.stream(constants)
			.map((constant) -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT))
			.collect(Collectors.joining(", ")) : null;
	}

}
