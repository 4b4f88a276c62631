/**
 * What is known about the server, its connections and the kernel, in one read model for
 * everything that shows it. Only reads, save for the operation that closes a connection.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.monitor;

import org.jspecify.annotations.NullMarked;
