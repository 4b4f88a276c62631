/**
 * What other code builds on: a protocol of its own is a Spring bean of type
 * {@link io.weir.api.ConnectionHandler}, a way out for records one of type
 * {@link io.weir.api.RecordSink}. Besides {@code io.weir.struct} nothing else of Weir is
 * meant for other code.
 */
@NullMarked
package io.weir.api;

import org.jspecify.annotations.NullMarked;
