package io.weir.kernel;

import java.util.function.Function;

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

	/**
	 * Makes another answer of this one.
	 * @param <R> the type of the other answer
	 * @param function from answer to answer
	 * @return the function's result; without an answer, the same reason
	 */
	default <R> Reading<R> map(Function<? super T, ? extends R> function) {
		return flatMap((value) -> new Available<>(function.apply(value)));
	}

	/**
	 * Makes another reading of this answer.
	 * @param <R> the type of the other answer
	 * @param function from answer to reading
	 * @return the function's result; without an answer, the same reason
	 */
	default <R> Reading<R> flatMap(Function<? super T, Reading<R>> function) {
		return switch (this) {
			case Available<T>(T value) -> function.apply(value);
			case Unavailable<T>(String reason) -> new Unavailable<>(reason);
		};
	}

	/**
	 * Makes something of either.
	 * @param <R> the result's type
	 * @param available from the answer
	 * @param unavailable from the reason
	 */
	default <R> R fold(Function<? super T, ? extends R> available, Function<String, ? extends R> unavailable) {
		return switch (this) {
			case Available<T>(T value) -> available.apply(value);
			case Unavailable<T>(String reason) -> unavailable.apply(reason);
		};
	}

	/**
	 * The answer, or what takes its place.
	 * @param other in place of the answer
	 */
	default T orElse(T other) {
		return (this instanceof Available<T>(T value)) ? value : other;
	}

}
