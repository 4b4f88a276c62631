package io.weir.transport;

import java.nio.ByteBuffer;

/**
 * Told what a peer sends first. Called once a connection, on the thread that reads, and
 * must not block.
 */
@FunctionalInterface
public interface FirstBytes {

	/**
	 * The first read has brought bytes, before any layer has seen them.
	 * @param bytes where they are; neither they nor its position may be changed
	 * @param begin the index of the first byte
	 * @param end the index after the last one
	 */
	void came(ByteBuffer bytes, int begin, int end);

}
