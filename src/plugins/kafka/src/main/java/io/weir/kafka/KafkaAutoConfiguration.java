package io.weir.kafka;

import java.util.HashMap;
import java.util.Map;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.type.AnnotatedTypeMetadata;

import io.weir.api.RecordText;

/**
 * Makes the sink, where {@code weir.kafka.bootstrap-servers} is set and Weir serves.
 */
@AutoConfiguration(afterName = "io.weir.config.WeirAutoConfiguration")
@Conditional(KafkaAutoConfiguration.OnBroker.class)
@ConditionalOnBean(RecordText.class)
@EnableConfigurationProperties(KafkaProperties.class)
public class KafkaAutoConfiguration {

	@Bean
	KafkaRecordSink kafkaRecordSink(KafkaProperties properties, RecordText text) {
		Map<String, Object> configuration = configuration(properties);
		return new KafkaRecordSink(properties.topic(), text,
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
		// With more than one, brokers without KAFKA-15591 can take the second batch of a
		// new partition but not the first, which is then out of sequence for ever
		configuration.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
		// 24 days; what is not acknowledged by then is sent again by the sink
		configuration.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
		configuration.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.MAX_VALUE);
		configuration.putAll(properties.properties());
		configuration.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, properties.bootstrapServers());
		return configuration;
	}

	/**
	 * Whether a broker is named, in one value or as a list.
	 */
	static class OnBroker extends SpringBootCondition {

		private static final String BROKERS = "weir.kafka.bootstrap-servers";

		@Override
		public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
			boolean named = Binder.get(context.getEnvironment())
				.bind(BROKERS, Bindable.listOf(String.class))
				.map((brokers) -> !brokers.isEmpty())
				.orElse(false);
			return new ConditionOutcome(named, BROKERS + (named ? " is set" : " is not set"));
		}

	}

}
