package io.weir.server;

import java.util.List;

import io.weir.api.ConnectionHandler;
import io.weir.connection.Layer;

/**
 * What a server does with its connections.
 *
 * @param name the protocol's name, for people
 * @param source where it comes from
 * @param handler serves each connection
 * @param layers what is agreed on before, the lowest first
 * @param afterDrain what is done when the last connection of a drain has ended
 */
public record ServedProtocol(String name, ProtocolSource source, ConnectionHandler handler, List<Layer> layers,
		AfterDrain afterDrain) {

	/**
	 * A protocol that leaves nothing behind.
	 */
	public ServedProtocol(String name, ProtocolSource source, ConnectionHandler handler, List<Layer> layers) {
		this(name, source, handler, layers, AfterDrain.NOTHING);
	}

}
