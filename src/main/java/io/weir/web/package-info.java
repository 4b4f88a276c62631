/**
 * Keeps the actuator's web server answering, whatever its clients send or do not read.
 */
@NullMarked
package io.weir.web;

import org.jspecify.annotations.NullMarked;
