package io.weir.connection;

/**
 * A place among the connections that may be open at once. Its holder closes it; closing
 * it again does nothing.
 */
public interface Slot extends AutoCloseable {

	@Override
	void close();

}
