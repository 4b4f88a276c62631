package io.weir.monitor;

import io.weir.connection.ConnectionRegistry.Totals;

/**
 * How many connections there are and were.
 *
 * @param active how many are open, those being closed included
 * @param accepted how many were accepted so far
 * @param totals sums over all so far
 */
public record ConnectionCounts(int active, long accepted, Totals totals) {
}
