package io.weir.monitor;

/**
 * Something that an operator should know, with what was measured and what to do.
 *
 * @param setting the setting or limit it is about, for instance {@code backlog}
 * @param message what was measured
 * @param remedy what to do, also in a container
 */
public record Finding(String setting, String message, String remedy) {
}
