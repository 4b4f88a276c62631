package io.weir.monitor;

import org.jspecify.annotations.Nullable;

import io.weir.connection.ConnectionState;
import io.weir.kernel.SocketSample;
import io.weir.kernel.TcpInfoField;

/**
 * What samples tell of one connection: its last figures, and what grew within the last 5
 * s. One small object per connection, which a sample changes and makes no garbage for.
 * Times are milliseconds of one clock, whatever its zero. Totals are kept as their low
 * bits only: they are good for differences, and the object takes less than 100 bytes.
 * Guarded by itself.
 */
final class ConnectionTrend {

	/**
	 * What grew in a shorter time proves nothing.
	 */
	static final int MIN_WINDOW_MILLIS = 2_000;

	static final int MAX_WINDOW_MILLIS = 5_000;

	// With the latest sample that is not late; beyond, it was missing in samples
	private static final int MAX_ELAPSED_MILLIS = 15_000;

	private static final Cause[] CAUSES = Cause.values();

	// What is sent or received in 5 s may exceed an int in bytes
	private static final int UNIT_SHIFT = 6;

	private static final int WRITING = 1;

	private static final int WAS_WRITING = 2;

	private static final int SEND_BUFFER_AT_MAXIMUM = 4;

	private static final int STARTED = 8;

	private static final int HELD_BACK = 16;

	private static final int WAS_HELD_BACK = 32;

	private static final int FULL = 64;

	private static final int WAS_FULL = 128;

	// Totals at the begin of the window; times in milliseconds
	private int beginMillis;

	private int beginSent;

	private int beginSentAgain;

	private int beginSegmentsAgain;

	private int beginReceived;

	private char beginBusy;

	private char beginWindowLimited;

	private char beginBufferLimited;

	// What grew, as of the last sample that was far enough from the begin
	private char millis;

	private char busy;

	private char windowLimited;

	private char bufferLimited;

	private int sent;

	private int sentAgain;

	private int segmentsAgain;

	private int received;

	// As of the last sample
	private int rtt;

	private int minRtt;

	private int receiveQueue;

	private int held;

	private char ackTenths;

	private byte timeouts;

	private byte flags;

	// What the application has read, and for how long bytes have waited for it to read on
	private int readBytes;

	private int unreadMillis;

	// 0 without one; and since when
	private byte causePlace;

	private byte sinceHundredths;

	private int sinceSeconds;

	/**
	 * Takes a sample in.
	 * @param sample the connection's figures
	 * @param state what its thread does
	 * @param bytesReceived what its application has read so far
	 * @param bytesHeld what its layers have read of the socket, and the application has
	 * not
	 * @param now when the sample is taken
	 * @param gap the time since the sample before
	 * @param sendMaximum {@link DiagnosisLimits#sendMaximum()}
	 */
	void add(SocketSample sample, ConnectionState state, long bytesReceived, int bytesHeld, int now, int gap,
			long sendMaximum) {
		int elapsed = now - this.beginMillis;
		if (elapsed > MAX_ELAPSED_MILLIS) {
			restart();
		}
		boolean first = !isSet(STARTED);
		if (first) {
			begin(sample, now);
			elapsed = 0;
		}
		if (elapsed >= MIN_WINDOW_MILLIS) {
			grow(sample, elapsed);
		}
		if (elapsed + gap > MAX_WINDOW_MILLIS) {
			begin(sample, now);
		}
		boolean writing = state == ConnectionState.WRITING;
		boolean atMaximum = sendMaximum > 0 && get(sample, TcpInfoField.SEND_BUFFER) >= sendMaximum;
		boolean heldBack = writing && get(sample, TcpInfoField.NOT_SENT) > 0;
		this.flags = (byte) (STARTED | (writing ? WRITING : 0) | (isSet(WRITING) ? WAS_WRITING : 0)
				| (heldBack ? HELD_BACK : 0) | (isSet(HELD_BACK) ? WAS_HELD_BACK : 0)
				| (writing && isFull(sample) ? FULL : 0) | (isSet(FULL) ? WAS_FULL : 0)
				| (atMaximum ? SEND_BUFFER_AT_MAXIMUM : 0));
		this.rtt = saturated(sample, TcpInfoField.RTT_MICROS);
		this.minRtt = saturated(sample, TcpInfoField.MIN_RTT_MICROS);
		this.receiveQueue = saturated(sample, TcpInfoField.RECEIVE_QUEUE);
		this.held = bytesHeld;
		this.ackTenths = (char) Math.min(get(sample, TcpInfoField.LAST_ACK_RECEIVED_MILLIS) / 100, Character.MAX_VALUE);
		// A byte in tcp_info, too
		this.timeouts = (byte) get(sample, TcpInfoField.CONSECUTIVE_TIMEOUTS);
		boolean waitsForPeer = writing || state == ConnectionState.HANDSHAKING;
		boolean unread = !first && !waitsForPeer && (this.receiveQueue > 0 || bytesHeld > 0)
				&& this.readBytes == (int) bytesReceived;
		this.unreadMillis = unread ? (int) Math.min((long) this.unreadMillis + gap, Integer.MAX_VALUE) : 0;
		this.readBytes = (int) bytesReceived;
	}

	/**
	 * Forgets what grew, for instance because the process stood still meanwhile.
	 */
	void restart() {
		this.flags &= ~STARTED;
		this.millis = 0;
	}

	private void begin(SocketSample sample, int now) {
		this.beginMillis = now;
		this.beginBusy = millis(sample, TcpInfoField.BUSY_MICROS);
		this.beginWindowLimited = millis(sample, TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS);
		this.beginBufferLimited = millis(sample, TcpInfoField.SEND_BUFFER_LIMITED_MICROS);
		this.beginSent = units(sample, TcpInfoField.BYTES_SENT);
		this.beginSentAgain = (int) get(sample, TcpInfoField.BYTES_RETRANSMITTED);
		this.beginSegmentsAgain = (int) get(sample, TcpInfoField.RETRANSMITS);
		this.beginReceived = units(sample, TcpInfoField.BYTES_RECEIVED);
	}

	private void grow(SocketSample sample, int elapsed) {
		this.millis = (char) elapsed;
		this.busy = (char) (millis(sample, TcpInfoField.BUSY_MICROS) - this.beginBusy);
		this.windowLimited = (char) (millis(sample, TcpInfoField.RECEIVE_WINDOW_LIMITED_MICROS)
				- this.beginWindowLimited);
		this.bufferLimited = (char) (millis(sample, TcpInfoField.SEND_BUFFER_LIMITED_MICROS) - this.beginBufferLimited);
		this.sent = units(sample, TcpInfoField.BYTES_SENT) - this.beginSent;
		this.sentAgain = (int) get(sample, TcpInfoField.BYTES_RETRANSMITTED) - this.beginSentAgain;
		this.segmentsAgain = (int) get(sample, TcpInfoField.RETRANSMITS) - this.beginSegmentsAgain;
		this.received = units(sample, TcpInfoField.BYTES_RECEIVED) - this.beginReceived;
	}

	// A writer that waits for the buffer is woken when a third of it is free
	// (sk_stream_write_space), and the path would take more
	private static boolean isFull(SocketSample sample) {
		long buffer = get(sample, TcpInfoField.SEND_BUFFER);
		return buffer > 0 && get(sample, TcpInfoField.SEND_BUFFER_USED) * 3 >= buffer * 2
				&& get(sample, TcpInfoField.NOT_SENT) == 0
				&& get(sample, TcpInfoField.UNACKED) < get(sample, TcpInfoField.CONGESTION_WINDOW);
	}

	// What an old kernel does not have never grows
	private static long get(SocketSample sample, TcpInfoField field) {
		return sample.has(field) ? sample.get(field) : 0;
	}

	private static int saturated(SocketSample sample, TcpInfoField field) {
		return (int) Math.min(get(sample, field), Integer.MAX_VALUE);
	}

	private static char millis(SocketSample sample, TcpInfoField micros) {
		return (char) (get(sample, micros) / 1000);
	}

	private static int units(SocketSample sample, TcpInfoField field) {
		return (int) (get(sample, field) >>> UNIT_SHIFT);
	}

	private static long bytes(int units) {
		return Integer.toUnsignedLong(units) << UNIT_SHIFT;
	}

	private boolean isSet(int flag) {
		return (this.flags & flag) != 0;
	}

	/**
	 * Notes what the figures mean.
	 * @param cause why it is slow; null if it is not
	 * @param now when it was decided, in milliseconds since the epoch
	 */
	void diagnosed(@Nullable Cause cause, long now) {
		int place = (cause != null) ? cause.place() + 1 : 0;
		if (place != this.causePlace) {
			this.causePlace = (byte) place;
			this.sinceSeconds = (int) (now / 1000);
			this.sinceHundredths = (byte) (now % 1000 / 10);
		}
	}

	/**
	 * Why it is slow, as of the last sample while it was open; null if it was not.
	 */
	@Nullable Cause cause() {
		return (this.causePlace > 0) ? CAUSES[this.causePlace - 1] : null;
	}

	/**
	 * When that was first so, in milliseconds since the epoch, to 10 ms.
	 */
	long since() {
		return Integer.toUnsignedLong(this.sinceSeconds) * 1000 + this.sinceHundredths * 10L;
	}

	/**
	 * In how many milliseconds the rest grew; 0 before that is known.
	 */
	int millis() {
		return this.millis;
	}

	/**
	 * Microseconds, to a millisecond, with anything to send or unacknowledged.
	 */
	long busyMicros() {
		return this.busy * 1000L;
	}

	/**
	 * Microseconds of those in which the peer's receive window was the limit.
	 */
	long windowLimitedMicros() {
		return this.windowLimited * 1000L;
	}

	/**
	 * Microseconds of those in which this side's send buffer was the limit.
	 */
	long bufferLimitedMicros() {
		return this.bufferLimited * 1000L;
	}

	/**
	 * Bytes sent, those sent again included, to 64 bytes.
	 */
	long sentBytes() {
		return bytes(this.sent);
	}

	long sentAgainBytes() {
		return Integer.toUnsignedLong(this.sentAgain);
	}

	long sentAgainSegments() {
		return Integer.toUnsignedLong(this.segmentsAgain);
	}

	/**
	 * Bytes received, to 64 bytes.
	 */
	long receivedBytes() {
		return bytes(this.received);
	}

	/**
	 * The smoothed round-trip time; 0 where there is none.
	 */
	int rttMicros() {
		return this.rtt;
	}

	int minRttMicros() {
		return this.minRtt;
	}

	/**
	 * Bytes that wait in the kernel to be read.
	 */
	int receiveQueue() {
		return this.receiveQueue;
	}

	/**
	 * Bytes that a layer has read of the socket and the application has not.
	 */
	int held() {
		return this.held;
	}

	/**
	 * For how long either have waited while nothing was read and no peer was waited for.
	 */
	int unreadMillis() {
		return this.unreadMillis;
	}

	/**
	 * Milliseconds since the last ACK came, to 100 ms, at most 109 minutes.
	 */
	int ackMillis() {
		return this.ackTenths * 100;
	}

	/**
	 * Retransmission timeouts in a row.
	 */
	int timeouts() {
		return Byte.toUnsignedInt(this.timeouts);
	}

	/**
	 * Whether a write was under way in this sample or the one before: between two writes
	 * that wait a sample may meet the read.
	 */
	boolean isWriting() {
		return isSet(WRITING | WAS_WRITING);
	}

	/**
	 * Whether the kernel held back bytes of such a write, as it may not send them yet: a
	 * write that a sample happens to meet waits for nothing.
	 */
	boolean isHeldBack() {
		return isSet(HELD_BACK | WAS_HELD_BACK);
	}

	/**
	 * Whether such a write found the send buffer full in both samples, all of it sent and
	 * nothing but the peer's ACKs to wait for.
	 */
	boolean isFull() {
		return isSet(FULL) && isSet(WAS_FULL);
	}

	boolean isSendBufferAtMaximum() {
		return isSet(SEND_BUFFER_AT_MAXIMUM);
	}

}
