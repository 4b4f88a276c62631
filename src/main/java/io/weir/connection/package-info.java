/**
 * Accepted connections: what each one counts, how each one ends, and who watches the
 * time.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.connection;

import org.jspecify.annotations.NullMarked;
