package io.weir.monitor;

import java.util.Iterator;

/**
 * The first of those that match.
 *
 * @param <T> the type of a row
 * @param total how many match
 * @param rows the first of them, each made when it is asked for; one thread at a time
 */
public record Listing<T>(int total, Iterator<T> rows) {
}
