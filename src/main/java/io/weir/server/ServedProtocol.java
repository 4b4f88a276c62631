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
 */
public record ServedProtocol(String name, ProtocolSource source, ConnectionHandler handler, List<Layer> layers) {

	public ServedProtocol {
		layers = List.copyOf(layers);
	}

}
