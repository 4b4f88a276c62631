/**
 * What one sees from outside: meters, health, the two endpoints and the findings. Only
 * reads, save for the operation that closes a connection.
 */
@NullMarked
package io.weir.actuate;

import org.jspecify.annotations.NullMarked;
