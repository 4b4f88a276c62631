/**
 * A blocking TCP (IPv4) server as a Spring Boot service.
 */
@NullMarked
package io.weir;

import org.jspecify.annotations.NullMarked;
