package io.weir.server;

import java.time.Duration;
import java.util.List;
import java.util.function.Function;

import io.weir.api.ConnectionHandler;
import io.weir.connection.Layer;

/**
 * What a server does with its connections.
 *
 * @param name the protocol's name, for people
 * @param source where it comes from
 * @param handler serves each connection
 * @param layers what is agreed on before, the lowest first
 * @param afterDrain finishes what the connections have left when the last one of a drain
 * has ended; given how long that may take at most, tells what became of it, for the line
 * that tells the end of the drain; empty if there is nothing to say
 */
public record ServedProtocol(String name, ProtocolSource source, ConnectionHandler handler, List<Layer> layers,
		Function<Duration, String> afterDrain) {
}
