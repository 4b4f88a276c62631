package io.weir.connection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/**
 * Protects the bytes of a connection on their way through its socket. One thread at a
 * time shakes hands, reads, writes and closes; any other may shut down the output
 * meanwhile.
 */
public interface SecureChannel extends ByteChannel {

	/**
	 * Agrees with the peer on the protection; called once, before anything else.
	 * @return what was agreed on
	 * @throws IOException if there was no agreement, or the socket failed
	 */
	SecureSession handshake() throws IOException;

	/**
	 * Reads what is left from before, or what comes next from the socket.
	 * @param target where the bytes go, with room for at least one
	 * @return how many bytes there were for the application; 0 if what came had none, so
	 * that others can go first: a peer may send such things without end; -1 at the end
	 * @throws IOException if the socket failed, or the peer did
	 */
	@Override
	int read(ByteBuffer target) throws IOException;

	/**
	 * Tells the peer that nothing more will come, and shuts down the socket's sending
	 * side. Blocks while a write is under way or the socket takes no more. Does nothing
	 * the second time.
	 * @throws IOException if the socket failed
	 */
	void shutdownOutput() throws IOException;

	/**
	 * How many bytes the next read brings without asking the socket.
	 * @return 0 if it has to ask, whatever waits there
	 */
	int available();

	/**
	 * Closes the socket, if it is still open, and gives back all buffers.
	 * @throws IOException if the socket failed to close
	 */
	@Override
	void close() throws IOException;

}
