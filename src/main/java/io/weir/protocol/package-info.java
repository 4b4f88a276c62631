/**
 * What a connection does: the four protocols, each the handler of one connection.
 */
@NullMarked
package io.weir.protocol;

import org.jspecify.annotations.NullMarked;
