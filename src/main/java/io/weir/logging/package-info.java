/**
 * Log output that never makes a thread wait.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.logging;

import org.jspecify.annotations.NullMarked;
