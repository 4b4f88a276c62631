/**
 * Accepted connections: what each one counts, how each one ends, and who watches the
 * time.
 */
@NullMarked
package io.weir.connection;

import org.jspecify.annotations.NullMarked;
