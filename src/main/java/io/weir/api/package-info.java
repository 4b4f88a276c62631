/**
 * What other code builds on: a protocol of its own is a Spring bean of type
 * {@link io.weir.api.ConnectionHandler}; a bean of type {@link io.weir.api.RecordSink}
 * takes records. Besides {@code io.weir.struct} nothing else of Weir is meant for other
 * code.
 */
@NullMarked
package io.weir.api;

import org.jspecify.annotations.NullMarked;
