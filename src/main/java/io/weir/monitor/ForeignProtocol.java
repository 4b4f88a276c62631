package io.weir.monitor;

/**
 * A protocol that a peer speaks and this server does not, told by the first bytes.
 */
enum ForeignProtocol {

	/**
	 * The header of the PROXY protocol, version 1 or 2.
	 */
	PROXY_HEADER,

	/**
	 * A TLS handshake where there is no TLS.
	 */
	TLS,

	/**
	 * An HTTP request line.
	 */
	HTTP,

	/**
	 * Anything that is no TLS record, where there is TLS.
	 */
	NO_TLS

}
