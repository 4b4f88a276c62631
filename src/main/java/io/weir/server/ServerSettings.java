package io.weir.server;

/**
 * What a server is asked to do.
 *
 * @param listener what to ask for of the listening socket
 * @param sockets what to ask for of each accepted socket
 * @param serving how to serve connections
 * @param admission who may come in
 */
public record ServerSettings(ListenerSettings listener, SocketSettings sockets, ServingSettings serving,
		AdmissionRules admission) {
}
