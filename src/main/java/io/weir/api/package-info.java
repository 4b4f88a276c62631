/**
 * What other code builds on: a protocol of its own is a
 * {@link io.weir.api.ConnectionHandler}.
 */
@NullMarked
package io.weir.api;

import org.jspecify.annotations.NullMarked;
