/**
 * TLS on a connection's own thread, over its blocking socket.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.tls;

import org.jspecify.annotations.NullMarked;
