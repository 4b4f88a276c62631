/**
 * What is known about the server, its connections and the kernel, in one read model for
 * everything that shows it. Only reads, save for the operation that closes a connection.
 */
@NullMarked
package io.weir.monitor;

import org.jspecify.annotations.NullMarked;
