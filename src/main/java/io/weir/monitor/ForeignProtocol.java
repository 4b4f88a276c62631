package io.weir.monitor;

/**
 * What a peer speaks instead of what this server expects, told by the first bytes.
 */
enum ForeignProtocol {

	/**
	 * The header of the PROXY protocol, version 1 or 2.
	 */
	PROXY_HEADER,

	/**
	 * No such header, or none that is whole and in time, from a trusted proxy.
	 */
	NO_PROXY_HEADER,

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
