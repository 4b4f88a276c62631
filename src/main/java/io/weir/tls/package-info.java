/**
 * TLS on a connection's own thread, over its blocking socket.
 */
@NullMarked
package io.weir.tls;

import org.jspecify.annotations.NullMarked;
