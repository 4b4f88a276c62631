package io.weir.monitor;

import java.util.Locale;

/**
 * Why a connection is slow, in the order in which it is asked: the first that holds is
 * the one that is told.
 */
public enum Cause {

	/** The peer acknowledges nothing, whatever is sent again. */
	PEER_UNREACHABLE,
	/** The peer's receive window is full: its application reads slowly. */
	PEER_READS_SLOWLY,
	/** This side's send buffer holds less than is in flight on the path. */
	SEND_BUFFER_TOO_SMALL,
	/** Much of what is sent has to be sent again. */
	PATH_LOSES_PACKETS,
	/** What is sent queues on the path. */
	PATH_IS_SLOW,
	/** This side's receive buffer holds less than fits on the path. */
	RECEIVE_BUFFER_TOO_SMALL,
	/** Bytes wait for this side's handler or sink. */
	SERVER_READS_SLOWLY;

	private final String text = name().toLowerCase(Locale.ROOT);

	/**
	 * Where it is in the order in which causes are asked.
	 * @return 0 for the first
	 */
	@SuppressWarnings("EnumOrdinal") // Of this package's own enum
	int place() {
		return ordinal();
	}

	/**
	 * The cause as endpoints and meters show it.
	 * @return lower case, for instance {@code peer_reads_slowly}
	 */
	public String text() {
		return this.text;
	}

}
