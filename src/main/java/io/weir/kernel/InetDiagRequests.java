package io.weir.kernel;

import java.nio.ByteBuffer;

/**
 * Writes the requests of {@code sock_diag(7)} about TCP sockets over IPv4, without any
 * I/O. A request is a netlink header and a {@code struct inet_diag_req_v2}, in the byte
 * order of the buffer, which has to be the machine's; ports and addresses alone are in
 * network order.
 *
 * <pre>{@code
 * struct nlmsghdr {                  // linux/netlink.h
 *   __u32 nlmsg_len;                 //  0  with this header
 *   __u16 nlmsg_type;                //  4  SOCK_DIAG_BY_FAMILY
 *   __u16 nlmsg_flags;               //  6
 *   __u32 nlmsg_seq;                 //  8
 *   __u32 nlmsg_pid;                 // 12
 * };
 * struct inet_diag_req_v2 {          // linux/inet_diag.h
 *   __u8  sdiag_family;              //  0
 *   __u8  sdiag_protocol;            //  1
 *   __u8  idiag_ext;                 //  2  bit n-1 asks for attribute n
 *   __u8  pad;                       //  3
 *   __u32 idiag_states;              //  4  bit n asks for state n
 *   struct inet_diag_sockid {        //  8
 *     __be16 idiag_sport;            //  0
 *     __be16 idiag_dport;            //  2
 *     __be32 idiag_src[4];           //  4  the first for IPv4
 *     __be32 idiag_dst[4];           // 20
 *     __u32  idiag_if;               // 36
 *     __u32  idiag_cookie[2];        // 40  INET_DIAG_NOCOOKIE, or only that socket matches
 *   } id;
 * };
 * }</pre>
 */
final class InetDiagRequests {

	/** Bytes of every request. */
	static final int LENGTH = 72;

	private static final short SOCK_DIAG_BY_FAMILY = 20;

	private static final short NLM_F_REQUEST = 1;

	private static final short NLM_F_DUMP = 0x300;

	private static final byte AF_INET = 2;

	private static final byte IPPROTO_TCP = 6;

	private static final int INET_DIAG_NOCOOKIE = ~0;

	private static final int REQUEST = 16;

	private static final int SOCKID = REQUEST + 8;

	private InetDiagRequests() {
	}

	/**
	 * Asks for all sockets of a local port.
	 * @param target where to write, from index 0 on
	 * @param sequence the number that the answers are to carry
	 * @param localPort the port, not 0
	 * @param states the {@linkplain TcpState#bit() bits} of the states asked for
	 */
	static void dump(ByteBuffer target, int sequence, int localPort, int states) {
		write(target, sequence, (short) (NLM_F_REQUEST | NLM_F_DUMP), states);
		putPort(target, SOCKID, localPort);
	}

	/**
	 * Asks for one connection. The kernel answers as it would look up an incoming
	 * segment: if there is no such connection any more, with the listener.
	 * @param target where to write, from index 0 on
	 * @param sequence the number that the answer is to carry
	 */
	static void lookUp(ByteBuffer target, int sequence, SocketKey key) {
		write(target, sequence, NLM_F_REQUEST, ~0);
		putPort(target, SOCKID, key.localPort());
		putPort(target, SOCKID + 2, key.remotePort());
		putAddress(target, SOCKID + 4, key.localAddress());
		putAddress(target, SOCKID + 20, key.remoteAddress());
	}

	private static void write(ByteBuffer target, int sequence, short flags, int states) {
		for (int i = 0; i < LENGTH; i += 8) {
			target.putLong(i, 0);
		}
		target.putInt(0, LENGTH);
		target.putShort(4, SOCK_DIAG_BY_FAMILY);
		target.putShort(6, flags);
		target.putInt(8, sequence);
		target.put(REQUEST, AF_INET);
		target.put(REQUEST + 1, IPPROTO_TCP);
		target.put(REQUEST + 2, (byte) (bit(InetDiagMessages.INET_DIAG_INFO) | bit(InetDiagMessages.INET_DIAG_CONG)
				| bit(InetDiagMessages.INET_DIAG_SKMEMINFO)));
		target.putInt(REQUEST + 4, states);
		target.putInt(SOCKID + 40, INET_DIAG_NOCOOKIE);
		target.putInt(SOCKID + 44, INET_DIAG_NOCOOKIE);
	}

	private static int bit(int attribute) {
		return 1 << (attribute - 1);
	}

	private static void putPort(ByteBuffer target, int index, int port) {
		target.put(index, (byte) (port >>> 8));
		target.put(index + 1, (byte) port);
	}

	private static void putAddress(ByteBuffer target, int index, int address) {
		putPort(target, index, address >>> 16);
		putPort(target, index + 2, address);
	}

}
