/**
 * Whether what deploys and watches Weir agrees with Weir itself.
 */
@NullMarked
package io.weir.deployment;

import org.jspecify.annotations.NullMarked;
