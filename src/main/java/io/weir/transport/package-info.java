/**
 * How a connection's bytes go: the socket, the layers over it, and the buffers that they
 * share.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.transport;

import org.jspecify.annotations.NullMarked;
