/**
 * Threads of connections: how each one runs, and how it waits for its socket. Stands on
 * the JDK and SLF4J alone.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.scheduling;

import org.jspecify.annotations.NullMarked;
