package io.weir.server;

import java.util.Locale;

/**
 * Where a protocol comes from.
 */
public enum ProtocolSource {

	/**
	 * Weir has it.
	 */
	BUILT_IN,

	/**
	 * A bean of the application that has Weir as a library.
	 */
	BEAN,

	/**
	 * A plug-in: a jar behind Weir's own on the class path.
	 */
	JAR;

	private final String text = name().toLowerCase(Locale.ROOT).replace('_', '-');

	/**
	 * The source as endpoints show it, for instance {@code built-in}.
	 */
	public String text() {
		return this.text;
	}

}
