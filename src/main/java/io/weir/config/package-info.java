/**
 * The configuration, and the beans that it makes. Knows all, is known by nobody.
 */
@NullMarked
package io.weir.config;

import org.jspecify.annotations.NullMarked;
