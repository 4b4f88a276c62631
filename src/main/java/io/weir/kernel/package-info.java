/**
 * What the Linux kernel says about TCP: its limits, its event counters and, socket by
 * socket, what it granted and what it does.
 */
@NullMarked
package io.weir.kernel;

import org.jspecify.annotations.NullMarked;
