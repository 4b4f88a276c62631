/**
 * How text that others control is shown. Stands on the JDK.
 * <p>
 * Internal: other code builds on {@code io.weir.api} only, and this may change at any
 * time.
 */
@NullMarked
package io.weir.text;

import org.jspecify.annotations.NullMarked;
