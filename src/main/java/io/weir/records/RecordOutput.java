package io.weir.records;

import java.io.IOException;

/**
 * Where lines go. One thread writes; any thread may {@linkplain #abort abort} it.
 */
public interface RecordOutput {

	/**
	 * What it is, for people.
	 */
	String text();

	/**
	 * Writes some bytes, and waits while the output takes none.
	 * @param bytes lines, which end in line feeds
	 * @param from the first byte that is not written
	 * @param to the byte after the last, behind a line feed
	 * @return how many bytes were written; 0 if the output takes none now. Negative if so
	 * many before {@code from} have gone with the file that they were in: the first part
	 * of a line, which has to be written again
	 * @throws IOException if nothing was written
	 */
	int write(byte[] bytes, int from, int to) throws IOException;

	/**
	 * Ends a write that is under way, as far as it has come. The next write opens the
	 * output again where it can be.
	 */
	void abort();

}
