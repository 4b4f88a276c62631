package io.weir.kernel;

import java.nio.ByteBuffer;

/**
 * The system calls that a netlink socket needs, so that tests can have them fail. Each
 * returns what the kernel itself returns: a result that is not negative, or the negated
 * {@code errno}.
 */
interface SystemCalls {

	/**
	 * Opens a socket: {@code socket(2)}.
	 * @param domain the address family
	 * @param type the type and flags
	 * @return the file descriptor, or the negated {@code errno}
	 */
	int socket(int domain, int type, int protocol);

	/**
	 * Sends one datagram: {@code send(2)}.
	 * @param socket a file descriptor
	 * @param buffer a direct buffer; its position and limit do not matter and stay
	 * @param length the number of bytes, from index 0 on
	 * @param flags {@code MSG_} flags
	 * @return the number of bytes sent, or the negated {@code errno}
	 */
	int send(int socket, ByteBuffer buffer, int length, int flags);

	/**
	 * Receives one datagram: {@code recv(2)}.
	 * @param socket a file descriptor
	 * @param buffer a direct buffer, filled from index 0 on; its position and limit do
	 * not matter and stay
	 * @param length max bytes to write into it
	 * @param flags {@code MSG_} flags
	 * @return the number of bytes received (with {@code MSG_TRUNC}, of the whole
	 * datagram), or the negated {@code errno}
	 */
	int recv(int socket, ByteBuffer buffer, int length, int flags);

	/**
	 * Closes a file descriptor: {@code close(2)}.
	 */
	void close(int socket);

	/**
	 * Describes an error in the C library's words: {@code strerror(3)}.
	 * @param errno the error's number, positive
	 * @return such as {@code Operation not permitted}
	 */
	String describe(int errno);

}
