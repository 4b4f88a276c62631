package io.weir.kernel;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.NoSuchElementException;

import org.jspecify.annotations.Nullable;

/**
 * Walks through the messages of a datagram that {@code sock_diag(7)} answered with,
 * without any I/O and without allocating: it is itself the socket that it stands at.
 * Whatever the datagram holds, it ends, and the worst that it throws is
 * {@link NetlinkException}. Numbers have the byte order of the buffer, which has to be
 * the machine's; ports and addresses alone are in network order. Not thread-safe.
 *
 * <pre>{@code
 * struct inet_diag_msg {             // linux/inet_diag.h, after the 16 bytes of nlmsghdr
 *   __u8  idiag_family;              //  0
 *   __u8  idiag_state;               //  1
 *   __u8  idiag_timer;               //  2
 *   __u8  idiag_retrans;             //  3
 *   struct inet_diag_sockid id;      //  4  as in the request
 *   __u32 idiag_expires;             // 52
 *   __u32 idiag_rqueue;              // 56  LISTEN: connections that wait to be accepted
 *   __u32 idiag_wqueue;              // 60  LISTEN: the backlog
 *   __u32 idiag_uid;                 // 64
 *   __u32 idiag_inode;               // 68
 * };
 * struct rtattr {                    // linux/rtnetlink.h, then its payload, padded to 4 bytes
 *   unsigned short rta_len;          //  0  with this header, without the padding
 *   unsigned short rta_type;         //  2
 * };
 * }</pre>
 *
 * {@link TcpInfoField} has the offsets within the attributes. {@code struct tcp_info}
 * grew with the kernel, so a figure exists only where the attribute is long enough for
 * it.
 */
final class InetDiagMessages implements SocketSample {

	static final int INET_DIAG_INFO = 2;

	static final int INET_DIAG_CONG = 4;

	static final int INET_DIAG_SKMEMINFO = 7;

	private static final int NLMSG_ERROR = 2;

	private static final int NLMSG_DONE = 3;

	private static final int SOCK_DIAG_BY_FAMILY = 20;

	private static final int HEADER_LENGTH = 16;

	private static final int MESSAGE_LENGTH = 72;

	private static final int ATTRIBUTE_HEADER_LENGTH = 4;

	// Without NLA_F_NESTED and NLA_F_NET_BYTEORDER
	private static final int NLA_TYPE_MASK = 0x3fff;

	private static final int AF_INET = 2;

	private static final long ABSENT = -1;

	private final ByteBuffer datagram;

	private int length;

	private int sequence;

	private int position;

	private int message;

	// By an attribute's type, where its payload is and how long; without it 0 bytes
	private final int[] payloads = new int[INET_DIAG_SKMEMINFO + 1];

	private final int[] lengths = new int[INET_DIAG_SKMEMINFO + 1];

	private TcpState state = TcpState.CLOSE;

	/**
	 * Creates a walk through whatever is in a buffer.
	 * @param datagram holds the datagram from index 0 on; its position and limit do not
	 * matter
	 */
	InetDiagMessages(ByteBuffer datagram) {
		this.datagram = datagram;
	}

	/**
	 * Starts with a new datagram.
	 * @param length its length in bytes
	 * @param sequence the number that its messages have to carry
	 */
	void reset(int length, int sequence) {
		this.length = length;
		this.sequence = sequence;
		this.position = 0;
	}

	/**
	 * Goes to the next message that matters.
	 * @throws NetlinkException if it is an error, with its number, or not well-formed
	 */
	Kind next() throws NetlinkException {
		while (this.position < this.length) {
			int start = this.position;
			if (this.length - start < HEADER_LENGTH) {
				throw malformed("a header is cut off");
			}
			int messageLength = this.datagram.getInt(start);
			if (messageLength < HEADER_LENGTH || messageLength > this.length - start) {
				throw malformed("a message of " + messageLength + " bytes");
			}
			if (this.datagram.getInt(start + 8) != this.sequence) {
				throw malformed("the answer to another request");
			}
			this.position = start + align(messageLength);
			int end = start + messageLength;
			switch (Short.toUnsignedInt(this.datagram.getShort(start + 4))) {
				case NLMSG_ERROR -> {
					throw error(start + HEADER_LENGTH, end);
				}
				case NLMSG_DONE -> {
					// The result of a dump that failed midway
					if (end - start >= HEADER_LENGTH + 4 && this.datagram.getInt(start + HEADER_LENGTH) < 0) {
						throw error(start + HEADER_LENGTH, end);
					}
					return Kind.DONE;
				}
				case SOCK_DIAG_BY_FAMILY -> {
					socket(start + HEADER_LENGTH, end);
					return Kind.SOCKET;
				}
				default -> {
					// NLMSG_NOOP and what else may be skipped
				}
			}
		}
		return Kind.END;
	}

	private NetlinkException error(int start, int end) {
		if (end - start < 4) {
			return malformed("an error is cut off");
		}
		int error = this.datagram.getInt(start);
		return (error < 0 && error > Integer.MIN_VALUE) ? new NetlinkException("the kernel refuses", -error)
				: malformed("error " + error);
	}

	private void socket(int start, int end) throws NetlinkException {
		if (end - start < MESSAGE_LENGTH) {
			throw malformed("a socket is cut off");
		}
		if (this.datagram.get(start) != AF_INET) {
			throw malformed("a socket of address family " + this.datagram.get(start));
		}
		if (!TcpState.isKnown(this.datagram.get(start + 1))) {
			throw malformed("a socket in state " + this.datagram.get(start + 1));
		}
		this.message = start;
		this.state = TcpState.of(this.datagram.get(start + 1));
		Arrays.fill(this.lengths, 0);
		attributes(start + MESSAGE_LENGTH, end);
	}

	private void attributes(int start, int end) throws NetlinkException {
		int attribute = start;
		while (end - attribute >= ATTRIBUTE_HEADER_LENGTH) {
			int attributeLength = Short.toUnsignedInt(this.datagram.getShort(attribute));
			if (attributeLength < ATTRIBUTE_HEADER_LENGTH || attributeLength > end - attribute) {
				throw malformed("an attribute of " + attributeLength + " bytes");
			}
			int type = this.datagram.getShort(attribute + 2) & NLA_TYPE_MASK;
			// Some come unasked, and new kernels have more of them
			if (type < this.lengths.length) {
				this.payloads[type] = attribute + ATTRIBUTE_HEADER_LENGTH;
				this.lengths[type] = attributeLength - ATTRIBUTE_HEADER_LENGTH;
			}
			attribute += align(attributeLength);
		}
	}

	@Override
	public int localAddress() {
		return address(this.message + 8);
	}

	@Override
	public int localPort() {
		return port(this.message + 4);
	}

	@Override
	public int remoteAddress() {
		return address(this.message + 24);
	}

	@Override
	public int remotePort() {
		return port(this.message + 6);
	}

	@Override
	public long cookie() {
		// Two halves, the lower one first in either byte order
		return Integer.toUnsignedLong(this.datagram.getInt(this.message + 44))
				| ((long) this.datagram.getInt(this.message + 48) << 32);
	}

	@Override
	public long inode() {
		return Integer.toUnsignedLong(this.datagram.getInt(this.message + 68));
	}

	@Override
	public TcpState state() {
		return this.state;
	}

	@Override
	public @Nullable String congestionControl() {
		// The kernel's string ends with a zero byte; nothing relies on it
		byte[] text = new byte[this.lengths[INET_DIAG_CONG]];
		int count = 0;
		for (; count < text.length; count++) {
			text[count] = this.datagram.get(this.payloads[INET_DIAG_CONG] + count);
			if (text[count] == 0) {
				break;
			}
		}
		return (count > 0) ? new String(text, 0, count, StandardCharsets.ISO_8859_1) : null;
	}

	@Override
	public boolean has(TcpInfoField figure) {
		return value(figure) != ABSENT;
	}

	@Override
	public long get(TcpInfoField figure) {
		long value = value(figure);
		if (value == ABSENT) {
			throw new NoSuchElementException(figure.key());
		}
		return value;
	}

	private long value(TcpInfoField figure) {
		long value = raw(figure);
		// Without a round-trip time the deviation is a made-up start value
		if (value < 0 || value == figure.none()
				|| (figure == TcpInfoField.RTT_VAR_MICROS && raw(TcpInfoField.RTT_MICROS) == 0)) {
			return ABSENT;
		}
		return this.state.withoutFin(figure, value);
	}

	private long raw(TcpInfoField figure) {
		return switch (figure.part()) {
			case MESSAGE -> number(figure, this.message, MESSAGE_LENGTH);
			case INFO -> number(figure, this.payloads[INET_DIAG_INFO], this.lengths[INET_DIAG_INFO]);
			case SKMEMINFO -> number(figure, this.payloads[INET_DIAG_SKMEMINFO], this.lengths[INET_DIAG_SKMEMINFO]);
		};
	}

	private long number(TcpInfoField figure, int start, int available) {
		if (figure.offset() + figure.width() > available) {
			return ABSENT;
		}
		int index = start + figure.offset();
		return switch (figure.width()) {
			case 1 -> Byte.toUnsignedLong(this.datagram.get(index));
			case 4 -> Integer.toUnsignedLong(this.datagram.getInt(index));
			default -> this.datagram.getLong(index);
		};
	}

	private int port(int index) {
		return (Byte.toUnsignedInt(this.datagram.get(index)) << 8) | Byte.toUnsignedInt(this.datagram.get(index + 1));
	}

	private int address(int index) {
		return (port(index) << 16) | port(index + 2);
	}

	private static int align(int length) {
		return (length + 3) & ~3;
	}

	private static NetlinkException malformed(String what) {
		return new NetlinkException("the kernel's answer cannot be read: it has " + what);
	}

	/**
	 * What a message is.
	 */
	enum Kind {

		/** A socket, which the getters now speak of. */
		SOCKET,
		/** The end of a dump. */
		DONE,
		/** None: the datagram has no more. */
		END

	}

}
