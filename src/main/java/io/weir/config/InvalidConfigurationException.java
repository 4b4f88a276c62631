package io.weir.config;

import java.util.List;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * The user's configuration can't be used.
 */
class InvalidConfigurationException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final transient List<Mistake> mistakes;

	private final String action;

	/**
	 * Creates the exception.
	 * @param mistakes at least one
	 * @param action what the user can do
	 * @param cause null if there is none
	 */
	InvalidConfigurationException(List<Mistake> mistakes, String action, @Nullable Throwable cause) {
		super(mistakes.stream()
			.map((mistake) -> mistake.name() + "=" + mistake.value() + ": " + mistake.reason())
			.collect(Collectors.joining("; ")), cause);
		this.mistakes = mistakes;
		this.action = action;
	}

	InvalidConfigurationException(List<Mistake> mistakes) {
		this(mistakes, "Correct what is named above", null);
	}

	List<Mistake> mistakes() {
		return this.mistakes;
	}

	String action() {
		return this.action;
	}

}
