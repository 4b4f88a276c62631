package io.weir.connection;

import java.time.Duration;

import io.weir.transport.TransportLayer;

/**
 * A step between accepting a connection and handling it.
 *
 * @param layer what is agreed on with the peer
 * @param timeout how long that may take, from the accept or from the end of the layer
 * before; zero is for ever
 * @param failed why a connection ends that does not agree
 * @param timedOut why a connection ends that takes too long
 */
public record Layer(TransportLayer layer, Duration timeout, EndReason failed, EndReason timedOut) {
}
