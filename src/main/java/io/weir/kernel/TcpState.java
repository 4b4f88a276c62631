package io.weir.kernel;

/**
 * The state of a TCP socket, with the numbers of the kernel's {@code net/tcp_states.h}.
 */
public enum TcpState {

	/** Open. */
	ESTABLISHED(1),
	/** Connecting. */
	SYN_SENT(2),
	/** Being connected to. */
	SYN_RECV(3),
	/** This side has ended, and the other has not acknowledged all of it. */
	FIN_WAIT1(4),
	/** This side has ended, which the other has acknowledged. */
	FIN_WAIT2(5),
	/** Over, and remembered for a while. */
	TIME_WAIT(6),
	/** Not connected. */
	CLOSE(7),
	/** The other side has ended, this one has not. */
	CLOSE_WAIT(8),
	/**
	 * Both sides have ended, the other first; it has not acknowledged all of this one's.
	 */
	LAST_ACK(9),
	/** Waits for connections. */
	LISTEN(10),
	/**
	 * Both sides have ended at once; the other has not acknowledged all of this one's.
	 */
	CLOSING(11),
	/** Being connected to, not yet a full socket. */
	NEW_SYN_RECV(12),
	/** Bound, neither listening nor connected. */
	BOUND_INACTIVE(13);

	/**
	 * The {@linkplain #bit() bits} of the states of a connection that both sides know.
	 */
	static final int CONNECTED = ESTABLISHED.bit() | FIN_WAIT1.bit() | FIN_WAIT2.bit() | CLOSE_WAIT.bit()
			| LAST_ACK.bit() | CLOSING.bit();

	// In the order of their numbers, without a gap
	private static final TcpState[] VALUES = values();

	private final int number;

	TcpState(int number) {
		this.number = number;
	}

	/**
	 * The bit of this state in {@code idiag_states}.
	 */
	int bit() {
		return 1 << this.number;
	}

	/**
	 * Tells whether the number is a state.
	 */
	static boolean isKnown(int number) {
		return number >= 1 && number <= VALUES.length;
	}

	/**
	 * Finds a state.
	 * @param number the kernel's number of it
	 */
	static TcpState of(int number) {
		return VALUES[number - 1];
	}

	/**
	 * Takes off the FIN, which the kernel counts as one byte wherever it counts sequence
	 * numbers: in the queues, in {@code tcpi_bytes_received}, {@code tcpi_bytes_acked}
	 * and {@code tcpi_notsent_bytes}. A FIN is the last in its queue, so a queue that is
	 * empty does not hold it any more.
	 * @param value what the kernel says
	 * @return bytes of payload for those figures, the value itself for all others
	 */
	long withoutFin(TcpInfoField figure, long value) {
		boolean counted = switch (figure) {
			case RECEIVE_QUEUE, BYTES_RECEIVED -> this == CLOSE_WAIT || this == LAST_ACK || this == CLOSING;
			case SEND_QUEUE, NOT_SENT -> this == FIN_WAIT1 || this == LAST_ACK || this == CLOSING;
			case BYTES_ACKED -> this == FIN_WAIT2;
			default -> false;
		};
		return (counted && value > 0) ? value - 1 : value;
	}

}
