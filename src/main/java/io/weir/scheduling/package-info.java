/**
 * Threads of connections: how each one runs, and how it waits for its socket. Stands on
 * the JDK and SLF4J alone.
 */
@NullMarked
package io.weir.scheduling;

import org.jspecify.annotations.NullMarked;
