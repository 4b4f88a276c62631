package io.weir.config;

import java.util.regex.Pattern;

/**
 * Takes the names of classes out of what a library says, for people.
 */
final class PlainText {

	private static final Pattern CLASS_NAME = Pattern.compile("\\b(?:[a-z]\\w*\\.)+[A-Z][\\w.$]*(?:: |\\b)");

	private PlainText() {
	}

	static String of(String text) {
		return CLASS_NAME.matcher(text).replaceAll("").strip();
	}

}
