/**
 * Shows what {@link io.weir.monitor} knows: meters, health and the two endpoints.
 */
@NullMarked
package io.weir.actuate;

import org.jspecify.annotations.NullMarked;
