package io.weir.api;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;

/**
 * A record that a client has sent, unpacked.
 *
 * @param connection the number of the connection that it came by
 * @param peer the client's address and port, behind a proxy the client's own
 * @param receivedAt when it was unpacked
 * @param fields the names of the values, in their order, as many as there are values: as
 * configured, or {@code f1}, {@code f2} and so on
 * @param values the values as {@link io.weir.struct.StructFormat} unpacks them:
 * {@link Long} or {@link java.math.BigInteger}, {@link Boolean}, {@link Double}, or
 * {@code byte[]}. The sinks share them: they must not be changed
 */
public record UnpackedRecord(long connection, InetSocketAddress peer, Instant receivedAt, List<String> fields,
		List<Object> values) {
}
