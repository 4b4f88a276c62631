package io.weir.kafka;

import org.apache.kafka.common.config.ConfigException;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.annotation.Order;

/**
 * Reports a value that Kafka's producer does not take, before the report of a plug-in
 * that could not be started.
 */
@Order(0)
class KafkaFailureAnalyzer extends AbstractFailureAnalyzer<ConfigException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, ConfigException cause) {
		return new FailureAnalysis("Kafka's producer does not take what weir.kafka says: " + cause.getMessage() + ".",
				"Correct weir.kafka.bootstrap-servers (host:port, several with commas between them), or what is below "
						+ "weir.kafka.properties, where the producer's properties have their own names.",
				cause);
	}

}
