package io.weir.config;

/**
 * Where records are written.
 */
public enum RecordsTo {

	/** Nowhere. */
	NONE,

	/** Standard output. Log lines go to standard error then. */
	STDOUT,

	/** A file. */
	FILE

}
