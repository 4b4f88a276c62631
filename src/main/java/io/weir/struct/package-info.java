/**
 * The format language of Python's {@code struct} module: packed binary records described
 * by a line of text such as {@code ! I 2s Q 2h f}, read and written as CPython 3.11 on
 * 64-bit Linux reads and writes them.
 *
 * @see <a href="https://docs.python.org/3.11/library/struct.html#format-strings">Python
 * 3.11, struct: Format Strings</a>
 */
@NullMarked
package io.weir.struct;

import org.jspecify.annotations.NullMarked;
