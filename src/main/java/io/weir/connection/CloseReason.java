package io.weir.connection;

import java.util.Locale;

/**
 * Why a connection ended: a closed set, so that it can be a meter's tag.
 */
public enum CloseReason implements EndReason {

	/**
	 * The peer ended its side where the protocol allows an end.
	 */
	END_OF_STREAM,

	/**
	 * The peer ended or reset the connection before a byte came: a load balancer's check,
	 * or a scan.
	 */
	EMPTY,

	/**
	 * The handler ended it, and the peer had not ended its side.
	 */
	CLOSED_BY_HANDLER,

	/**
	 * The peer ended its side inside a record.
	 */
	PARTIAL_RECORD,

	/**
	 * No byte went in either direction for the idle timeout.
	 */
	IDLE_TIMEOUT,

	/**
	 * A write was blocked for the write timeout.
	 */
	WRITE_TIMEOUT,

	/**
	 * It had been open for the maximum age.
	 */
	MAX_AGE,

	/**
	 * The TLS handshake failed.
	 */
	HANDSHAKE_FAILED,

	/**
	 * The TLS handshake did not end in time.
	 */
	HANDSHAKE_TIMEOUT,

	/**
	 * The peer reset the connection (RST).
	 */
	RESET,

	/**
	 * Reading or writing failed otherwise.
	 */
	IO_ERROR,

	/**
	 * The connection's handler failed: a bug, logged with its cause.
	 */
	HANDLER_ERROR,

	/**
	 * An operator closed it through the actuator.
	 */
	CLOSED_BY_OPERATOR,

	/**
	 * The server stopped while the connection stood between two exchanges.
	 */
	DRAINED,

	/**
	 * The server stopped and the connection was still busy at the end of the grace
	 * period.
	 */
	DRAIN_TIMEOUT;

	private final String text = name().toLowerCase(Locale.ROOT);

	@Override
	public boolean isByServer() {
		return switch (this) {
			case END_OF_STREAM, EMPTY, CLOSED_BY_HANDLER, PARTIAL_RECORD, RESET, IO_ERROR, HANDLER_ERROR -> false;
			default -> true;
		};
	}

	/**
	 * Whether this, which comes to light later, says more of the same end.
	 * @param first what the end was taken for
	 */
	boolean saysMoreThan(CloseReason first) {
		return switch (this) {
			case PARTIAL_RECORD -> first == END_OF_STREAM;
			case EMPTY -> first == END_OF_STREAM || first == RESET;
			case HANDLER_ERROR -> !first.isByServer();
			default -> false;
		};
	}

	@Override
	public String text() {
		return this.text;
	}

}
