package io.weir.kernel;

/**
 * What the kernel answered, or why there is no answer.
 *
 * @param <T> the type of the answer
 */
public sealed interface Reading<T> {

	/**
	 * An answer.
	 *
	 * @param <T> the type of the answer
	 * @param value the answer
	 */
	record Available<T>(T value) implements Reading<T> {
	}

	/**
	 * No answer.
	 *
	 * @param <T> the type that the answer would have
	 * @param reason why, for a person to read
	 */
	record Unavailable<T>(String reason) implements Reading<T> {
	}

}
