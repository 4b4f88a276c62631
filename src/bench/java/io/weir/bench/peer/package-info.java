/**
 * The servers that Weir is compared with, each in its best known configuration.
 */
@NullMarked
package io.weir.bench.peer;

import org.jspecify.annotations.NullMarked;
