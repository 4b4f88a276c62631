/**
 * The configuration, and the beans that it makes. Knows all, is known by nobody.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.config;

import org.jspecify.annotations.NullMarked;
