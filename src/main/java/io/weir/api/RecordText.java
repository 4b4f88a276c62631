package io.weir.api;

/**
 * Writes records as Weir itself does, for sinks that send them on. There is a bean of
 * this type; it is safe for any thread.
 */
public interface RecordText {

	/**
	 * Writes a record as the line of JSON that {@code tcp.server.records.output} would
	 * have, without the line feed at its end.
	 * @param record a record that a sink was given
	 * @return UTF-8
	 */
	byte[] json(UnpackedRecord record);

	/**
	 * Writes the client's address without its port, for instance {@code 10.1.0.7} or
	 * {@code 2001:db8::7}.
	 * @param record a record that a sink was given
	 */
	String client(UnpackedRecord record);

}
