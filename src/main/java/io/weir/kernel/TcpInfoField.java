package io.weir.kernel;

/**
 * A figure that the kernel keeps for a connection, and where {@code sock_diag(7)} has it:
 * {@code struct inet_diag_msg} itself, or its attribute {@code INET_DIAG_INFO}
 * ({@code struct tcp_info} of {@code linux/tcp.h}) or {@code INET_DIAG_SKMEMINFO} (the
 * {@code SK_MEMINFO_} array of {@code linux/sock_diag.h}). Sizes are bytes and counts are
 * segments unless the name says otherwise. "This side" is the one whose kernel is asked,
 * the server's.
 */
public enum TcpInfoField {

	/** Smoothed round-trip time ({@code tcpi_rtt}); absent before the first sample. */
	RTT_MICROS("rttMicros", Part.INFO, 68, 4, 0),
	/** Mean deviation of the round-trip time ({@code tcpi_rttvar}). */
	RTT_VAR_MICROS("rttVarMicros", Part.INFO, 72, 4),
	/** Time until an unacknowledged segment is sent again ({@code tcpi_rto}). */
	RTO_MICROS("rtoMicros", Part.INFO, 8, 4),
	/**
	 * Least round-trip time of late ({@code tcpi_min_rtt}); absent before the first
	 * sample.
	 */
	MIN_RTT_MICROS("minRttMicros", Part.INFO, 148, 4, 0xffff_ffffL),
	/** Segments that may be in flight ({@code tcpi_snd_cwnd}). */
	CONGESTION_WINDOW("congestionWindow", Part.INFO, 80, 4),
	/**
	 * Congestion window where slow start ends ({@code tcpi_snd_ssthresh}); absent while
	 * there is no such limit: until the first loss, and with some algorithms always.
	 */
	SLOW_START_THRESHOLD("slowStartThreshold", Part.INFO, 76, 4, 0x7fff_ffff),
	/** Payload bytes of a full segment ({@code tcpi_snd_mss}). */
	SEND_MSS("sendMss", Part.INFO, 16, 4),
	/** Segments sent again since the connection exists ({@code tcpi_total_retrans}). */
	RETRANSMITS("retransmits", Part.INFO, 100, 4),
	/** Segments sent again and not acknowledged so far ({@code tcpi_retrans}). */
	RETRANSMITS_IN_FLIGHT("retransmitsInFlight", Part.INFO, 36, 4),
	/**
	 * Retransmission timeouts in a row, 0 again once the peer answers
	 * ({@code tcpi_retransmits}).
	 */
	CONSECUTIVE_TIMEOUTS("consecutiveTimeouts", Part.INFO, 2, 1),
	/** Segments in flight that the kernel takes for lost ({@code tcpi_lost}). */
	LOST("lost", Part.INFO, 32, 4),
	/**
	 * Segments in flight that the peer has acknowledged selectively
	 * ({@code tcpi_sacked}).
	 */
	SACKED("sacked", Part.INFO, 28, 4),
	/** Segments in flight ({@code tcpi_unacked}). */
	UNACKED("unacked", Part.INFO, 24, 4),
	/** Payload received and not yet read by the process ({@code idiag_rqueue}). */
	RECEIVE_QUEUE("receiveQueue", Part.MESSAGE, 56, 4),
	/** Payload written and not yet acknowledged by the peer ({@code idiag_wqueue}). */
	SEND_QUEUE("sendQueue", Part.MESSAGE, 60, 4),
	/**
	 * Size of the receive buffer, {@code ss}'s {@code rb} ({@code SK_MEMINFO_RCVBUF}).
	 */
	RECEIVE_BUFFER("receiveBuffer", Part.SKMEMINFO, 4, 4),
	/** Size of the send buffer, {@code ss}'s {@code tb} ({@code SK_MEMINFO_SNDBUF}). */
	SEND_BUFFER("sendBuffer", Part.SKMEMINFO, 12, 4),
	/**
	 * Memory in use of the receive buffer, payload and overhead
	 * ({@code SK_MEMINFO_RMEM_ALLOC}).
	 */
	RECEIVE_BUFFER_USED("receiveBufferUsed", Part.SKMEMINFO, 0, 4),
	/**
	 * Memory in use of the send buffer, payload and overhead
	 * ({@code SK_MEMINFO_WMEM_QUEUED}: what the kernel compares with the buffer's size
	 * before it blocks a writer, not {@code SK_MEMINFO_WMEM_ALLOC}, which is the part
	 * that is on its way to the device).
	 */
	SEND_BUFFER_USED("sendBufferUsed", Part.SKMEMINFO, 20, 4),
	/** Packets received and dropped by this socket ({@code SK_MEMINFO_DROPS}). */
	DROPS("drops", Part.SKMEMINFO, 32, 4),
	/**
	 * Payload that the peer has acknowledged ({@code tcpi_bytes_acked}); one more on a
	 * connection that this side opened, where the kernel counts the SYN.
	 */
	BYTES_ACKED("bytesAcked", Part.INFO, 120, 8),
	/** Payload received in order ({@code tcpi_bytes_received}). */
	BYTES_RECEIVED("bytesReceived", Part.INFO, 128, 8),
	/** Payload sent, that sent again included ({@code tcpi_bytes_sent}). */
	BYTES_SENT("bytesSent", Part.INFO, 200, 8),
	/** Payload sent again ({@code tcpi_bytes_retrans}). */
	BYTES_RETRANSMITTED("bytesRetransmitted", Part.INFO, 208, 8),
	/**
	 * Bytes per second of late, as acknowledged ({@code tcpi_delivery_rate}); absent
	 * before the first sample.
	 */
	DELIVERY_RATE("deliveryRate", Part.INFO, 160, 8, 0),
	/** Time with anything to send or unacknowledged ({@code tcpi_busy_time}). */
	BUSY_MICROS("busyMicros", Part.INFO, 168, 8),
	/** Time held up by the peer's receive window ({@code tcpi_rwnd_limited}). */
	RECEIVE_WINDOW_LIMITED_MICROS("receiveWindowLimitedMicros", Part.INFO, 176, 8),
	/** Time held up by this side's send buffer ({@code tcpi_sndbuf_limited}). */
	SEND_BUFFER_LIMITED_MICROS("sendBufferLimitedMicros", Part.INFO, 184, 8),
	/** Time since payload was sent ({@code tcpi_last_data_sent}). */
	LAST_DATA_SENT_MILLIS("lastDataSentMillis", Part.INFO, 44, 4),
	/** Time since payload was received ({@code tcpi_last_data_recv}). */
	LAST_DATA_RECEIVED_MILLIS("lastDataReceivedMillis", Part.INFO, 52, 4),
	/** Time since an ACK was received ({@code tcpi_last_ack_recv}). */
	LAST_ACK_RECEIVED_MILLIS("lastAckReceivedMillis", Part.INFO, 56, 4),
	/**
	 * Bytes that the process reads per round trip, from which the kernel tunes the
	 * receive buffer ({@code tcpi_rcv_space}).
	 */
	RECEIVE_SPACE("receiveSpace", Part.INFO, 96, 4),
	/**
	 * Payload written and not yet sent for the first time ({@code tcpi_notsent_bytes}).
	 */
	NOT_SENT("notSent", Part.INFO, 144, 4);

	private final String key;

	private final Part part;

	private final int offset;

	private final int width;

	private final long none;

	TcpInfoField(String key, Part part, int offset, int width) {
		this(key, part, offset, width, -1);
	}

	TcpInfoField(String key, Part part, int offset, int width, long none) {
		this.key = key;
		this.part = part;
		this.offset = offset;
		this.width = width;
		this.none = none;
	}

	/**
	 * The name to publish the figure under.
	 * @return in camel case, with its unit where that is neither bytes nor segments, such
	 * as {@code rttMicros}
	 */
	public String key() {
		return this.key;
	}

	Part part() {
		return this.part;
	}

	int offset() {
		return this.offset;
	}

	/**
	 * The figure's size in its struct.
	 * @return 1, 4 or 8 bytes
	 */
	int width() {
		return this.width;
	}

	/**
	 * The value by which the kernel says that there is none yet.
	 * @return the value; one that is never read where every value is a reading
	 */
	long none() {
		return this.none;
	}

	/**
	 * Where a figure is in the kernel's answer.
	 */
	enum Part {

		MESSAGE, INFO, SKMEMINFO

	}

}
