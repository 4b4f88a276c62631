package io.weir.config;

import org.springframework.boot.SpringApplication;

import io.weir.WeirApplication;

/**
 * Tells whether the application that the current thread starts is the service or another
 * one, which has Weir as a library. Spring Boot gives its loaders of files and analyzers
 * of failures no application to ask.
 */
final class Service {

	private static final ThreadLocal<Boolean> STARTING = ThreadLocal.withInitial(() -> false);

	private Service() {
	}

	static boolean is(SpringApplication application) {
		return application.getAllSources().contains(WeirApplication.class);
	}

	/**
	 * Remembers for the current thread what it starts.
	 */
	static void starting(SpringApplication application) {
		STARTING.set(is(application));
	}

	/**
	 * Whether the current thread starts the service, or has started it last.
	 */
	static boolean isStarting() {
		return STARTING.get();
	}

}
