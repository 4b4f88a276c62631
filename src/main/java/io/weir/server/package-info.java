/**
 * The TCP server: binds, accepts, drains. Spring is known to its lifecycle adapter and
 * its failure analyzer only.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.server;

import org.jspecify.annotations.NullMarked;
