package io.weir.transport;

import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;

/**
 * Told what a peer sends first, until it has seen enough. Called on the thread that
 * reads, and must not block.
 */
@FunctionalInterface
public interface FirstBytes {

	/**
	 * A read has brought bytes, before a layer makes something else of them.
	 * @param bytes where they are; neither they nor its position may be changed
	 * @param begin the index of the first byte
	 * @param end the index after the last one, more than begin
	 * @return what is told of the next read's bytes; null if these were enough
	 */
	@Nullable FirstBytes came(ByteBuffer bytes, int begin, int end);

}
