/**
 * Tests of the format language, most of them against values made by CPython itself.
 */
@NullMarked
package io.weir.struct;

import org.jspecify.annotations.NullMarked;
