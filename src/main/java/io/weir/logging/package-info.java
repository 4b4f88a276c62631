/**
 * Log output that never makes a thread wait.
 */
@NullMarked
package io.weir.logging;

import org.jspecify.annotations.NullMarked;
