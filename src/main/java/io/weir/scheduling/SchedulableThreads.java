package io.weir.scheduling;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.Executor;

import org.jspecify.annotations.Nullable;

/**
 * Builds virtual threads that run on an executor of the caller's choice. JDK 25 has that,
 * but not as public API: this class alone knows how to reach it. Safe for any thread.
 *
 * @param constructor of the JDK's builder; null if there are no such threads
 * @param whyNot why there are none; null if there are
 */
record SchedulableThreads(@Nullable Constructor<?> constructor, @Nullable String whyNot) {

	/**
	 * What the JVM must be started with.
	 */
	static final String JVM_OPTION = "--add-opens java.base/java.lang=ALL-UNNAMED";

	private static final String BUILDER = "java.lang.ThreadBuilders$VirtualThreadBuilder";

	/**
	 * Looks whether this JVM has such threads.
	 * @return never null; {@link #whyNot()} tells
	 */
	static SchedulableThreads find() {
		return find(BUILDER);
	}

	static SchedulableThreads find(String className) {
		try {
			Constructor<?> constructor = Class.forName(className).getDeclaredConstructor(Executor.class);
			constructor.setAccessible(true);
			SchedulableThreads threads = new SchedulableThreads(constructor, null);
			// Fails in a JVM without continuations
			threads.builder(Runnable::run);
			return threads;
		}
		catch (ReflectiveOperationException | RuntimeException ex) {
			return new SchedulableThreads(null, ex.toString());
		}
	}

	/**
	 * Makes a builder of virtual threads.
	 * @param scheduler runs what it is given on a platform thread, in any order. What a
	 * thread starts without a scheduler of its own runs on this one, too
	 * @throws UnsupportedOperationException if there are no such threads
	 */
	Thread.Builder.OfVirtual builder(Executor scheduler) {
		if (this.constructor == null) {
			throw new UnsupportedOperationException(this.whyNot);
		}
		try {
			return (Thread.Builder.OfVirtual) this.constructor.newInstance(scheduler);
		}
		catch (InvocationTargetException ex) {
			throw failure(ex.getCause(), ex);
		}
		catch (ReflectiveOperationException ex) {
			throw failure(ex, ex);
		}
	}

	private static RuntimeException failure(@Nullable Throwable cause, Exception ex) {
		// An OutOfMemoryError stays what it is
		if (cause instanceof Error error) {
			throw error;
		}
		return new UnsupportedOperationException((cause != null) ? cause : ex);
	}

}
