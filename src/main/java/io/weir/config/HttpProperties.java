package io.weir.config;

import java.net.InetAddress;

import org.jspecify.annotations.Nullable;

/**
 * Where the actuator listens: below {@code server}, and below {@code management.server}
 * where it has a port of its own.
 */
record HttpProperties(@Nullable InetAddress address, @Within(min = "-1", max = "65535") @Nullable Integer port) {
}
