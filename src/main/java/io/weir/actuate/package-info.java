/**
 * Shows what {@link io.weir.monitor} knows: meters, health and the two endpoints.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.actuate;

import org.jspecify.annotations.NullMarked;
