package io.weir.records;

import java.io.IOException;

/**
 * A sink of records has failed.
 */
final class RecordSinkException extends IOException {

	private static final long serialVersionUID = 1L;

	RecordSinkException(Class<?> sink, Throwable cause) {
		super("the record sink " + sink.getName() + " failed", cause);
	}

}
