/**
 * A blocking TCP (IPv4) server as a Spring Boot service.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir;

import org.jspecify.annotations.NullMarked;
