/**
 * How a connection's bytes go: the socket, the layers over it, and the buffers that they
 * share.
 */
@NullMarked
package io.weir.transport;

import org.jspecify.annotations.NullMarked;
