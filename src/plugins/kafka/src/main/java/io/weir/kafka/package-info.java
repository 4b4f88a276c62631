/**
 * Sends the records that Weir unpacks to a topic of Kafka.
 */
@NullMarked
package io.weir.kafka;

import org.jspecify.annotations.NullMarked;
