/**
 * How text that others control is shown. Stands on the JDK.
 */
@NullMarked
package io.weir.text;

import org.jspecify.annotations.NullMarked;
