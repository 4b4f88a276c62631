/**
 * What the Linux kernel says about TCP: its limits, its event counters and, socket by
 * socket, what it granted and what it does.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.kernel;

import org.jspecify.annotations.NullMarked;
