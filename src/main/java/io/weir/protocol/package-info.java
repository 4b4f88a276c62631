/**
 * What a connection does: the four protocols, each the handler of one connection.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.protocol;

import org.jspecify.annotations.NullMarked;
