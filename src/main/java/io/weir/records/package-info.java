/**
 * The way out of records: each is a line of JSON, written by one thread that repeats what
 * fails, and given to the sinks of the user's.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.records;

import org.jspecify.annotations.NullMarked;
