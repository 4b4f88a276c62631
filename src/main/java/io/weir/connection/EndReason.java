package io.weir.connection;

/**
 * Why a connection ended: it was served and closed, or it was rejected.
 */
public sealed interface EndReason permits CloseReason, RejectReason {

	/**
	 * The reason as meters, logs and endpoints show it, for instance
	 * {@code end_of_stream}.
	 */
	String text();

	/**
	 * Whether the server has ended the connection, and neither the peer nor the handler.
	 */
	boolean isByServer();

}
