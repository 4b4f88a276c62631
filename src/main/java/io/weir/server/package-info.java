/**
 * The TCP server: binds, accepts, drains. Spring is known to its lifecycle adapter and
 * its failure analyzer only.
 */
@NullMarked
package io.weir.server;

import org.jspecify.annotations.NullMarked;
