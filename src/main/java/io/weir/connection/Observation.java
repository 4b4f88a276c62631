package io.weir.connection;

/**
 * What a monitor remembers of a connection. The connection carries it, so it lives as
 * long, and to find it needs no table.
 */
public interface Observation {

}
