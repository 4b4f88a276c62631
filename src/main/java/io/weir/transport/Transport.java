package io.weir.transport;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The way of a connection's bytes: the socket itself, or a layer over another transport.
 * One thread reads while one writes. Any thread may shut down the output.
 */
public interface Transport {

	/**
	 * Reads what has come, and waits if nothing has.
	 * @param target where the bytes go, with room for at least one
	 * @return how many bytes were read, at least 1; -1 at the end of the stream
	 * @throws IOException if the socket failed, or what came breaks the layer's protocol
	 */
	int read(ByteBuffer target) throws IOException;

	/**
	 * Reads as {@link #read(ByteBuffer)} does, and takes no memory while it waits, as far
	 * as the transport can.
	 * @param target appended to
	 * @return how many bytes were read, at least 1; -1 at the end of the stream
	 * @throws IOException as {@link #read(ByteBuffer)} does
	 */
	default int read(ReadBuffer target) throws IOException {
		return target.fill(this::read);
	}

	/**
	 * Writes some bytes, and waits while the socket takes none.
	 * @param source the bytes, at least one
	 * @return how many were taken, at least 1
	 * @throws IOException if the socket failed, or the output is shut down
	 */
	int write(ByteBuffer source) throws IOException;

	/**
	 * How many bytes a read brings without waiting. What a layer would have to decode
	 * first does not count: it may be half a message.
	 * @return 0 if none has come
	 * @throws IOException if the socket is closed
	 */
	int available() throws IOException;

	/**
	 * How many bytes it has read of the socket, decoded or not, that the next read brings
	 * without waiting; none while a read is under way. Any thread may ask.
	 */
	default int held() {
		return 0;
	}

	/**
	 * Lets other connections go first, after a bounded amount of work without a wait.
	 */
	void giveWay();

	/**
	 * Whether its end is the socket's FIN and nothing else: to shut down the output then
	 * never waits, and the close does it too if everything was read.
	 */
	default boolean endsWithFinAlone() {
		return false;
	}

	/**
	 * Tells the peer that nothing more will come (FIN). A layer may have to send bytes
	 * before, and then waits for a slow reader. Does nothing the second time.
	 * @throws IOException if the socket failed
	 */
	void shutdownOutput() throws IOException;

	/**
	 * Whether the socket is open.
	 */
	boolean isOpen();

	/**
	 * Closes the socket, if it is still open, and gives all buffers back. Called by the
	 * connection's thread.
	 * @throws IOException if the socket failed to close
	 */
	void close() throws IOException;

}
