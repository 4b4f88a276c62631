package io.weir.kafka;

import java.util.List;
import java.util.Map;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where records are sent.
 *
 * @param bootstrapServers Brokers to ask first, host:port. Without one the plug-in does
 * nothing.
 * @param topic Topic that records are sent to.
 * @param properties Any other property of Kafka's producer, by its own name.
 */
@ConfigurationProperties("weir.kafka")
public record KafkaProperties(@DefaultValue List<String> bootstrapServers, @DefaultValue("weir") String topic,
		@DefaultValue Map<String, String> properties) {
}
