/**
 * The benchmark: Weir and other servers, each in a process of its own, measured in turn.
 */
@NullMarked
package io.weir.bench;

import org.jspecify.annotations.NullMarked;
