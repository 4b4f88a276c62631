/**
 * Keeps the actuator's web server answering, whatever its clients send or do not read.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.web;

import org.jspecify.annotations.NullMarked;
