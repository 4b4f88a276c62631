package io.weir.kafka;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Makes the sink, where {@code weir.kafka.bootstrap-servers} is set.
 */
@AutoConfiguration
@ConditionalOnProperty("weir.kafka.bootstrap-servers")
@EnableConfigurationProperties(KafkaProperties.class)
public class KafkaAutoConfiguration {

	@Bean
	KafkaRecordSink kafkaRecordSink(KafkaProperties properties, Environment environment) {
		// Their forms (hex, base64) are not in the records
		List<String> fields = Binder.get(environment)
			.bind("tcp.server.records.fields", Bindable.listOf(String.class))
			.orElse(List.of());
		Map<String, Object> configuration = configuration(properties);
		return new KafkaRecordSink(properties.topic(), new JsonLine(fields),
				() -> new KafkaProducer<>(configuration, new StringSerializer(), new ByteArraySerializer()));
	}

	/**
	 * What the producer is told. Only the user's properties come after: a record is
	 * acknowledged by all replicas in sync, sent again without end, and written once.
	 */
	static Map<String, Object> configuration(KafkaProperties properties) {
		Map<String, Object> configuration = new HashMap<>();
		configuration.put(ProducerConfig.CLIENT_ID_CONFIG, "weir");
		configuration.put(ProducerConfig.ACKS_CONFIG, "all");
		configuration.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
		configuration.put(ProducerConfig.RETRIES_CONFIG, Integer.MAX_VALUE);
		// 24 days; what is not acknowledged by then is sent again by the sink
		configuration.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
		configuration.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.MAX_VALUE);
		configuration.putAll(properties.properties());
		configuration.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, properties.bootstrapServers());
		return configuration;
	}

}
