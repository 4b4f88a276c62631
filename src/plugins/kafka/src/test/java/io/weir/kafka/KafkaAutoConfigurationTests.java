package io.weir.kafka;

import java.util.List;
import java.util.Map;

import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import io.weir.api.RecordText;
import io.weir.api.UnpackedRecord;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KafkaAutoConfiguration} and the report of its mistakes. No broker is
 * asked before a record comes.
 */
@Timeout(60)
class KafkaAutoConfigurationTests {

	private final ApplicationContextRunner weir = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class))
		.withBean(RecordText.class, NoText::new);

	@Test
	void whenNoBrokerIsNamedThenThereIsNoSink() {
		this.weir.run((context) -> assertThat(context).doesNotHaveBean(KafkaRecordSink.class));
	}

	@Test
	void whenWeirDoesNotServeThenThereIsNoSink() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class))
			.withPropertyValues("weir.kafka.bootstrap-servers=127.0.0.1:9092")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(KafkaRecordSink.class));
	}

	@Test
	void whenTheListOfBrokersIsEmptyThenThereIsNoSink() {
		this.weir.withPropertyValues("weir.kafka.bootstrap-servers=")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(KafkaRecordSink.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "weir.kafka.bootstrap-servers=127.0.0.1:9092",
			"weir.kafka.bootstrap-servers=127.0.0.1:9092, 127.0.0.1:9093",
			"weir.kafka.bootstrap-servers[0]=127.0.0.1:9092" })
	void whenABrokerIsNamedThenThereIsASink(String brokers) {
		this.weir.withPropertyValues(brokers, "weir.kafka.topic=records")
			.run((context) -> assertThat(context).hasSingleBean(KafkaRecordSink.class));
	}

	@Test
	void whenNothingElseIsSaidThenNothingIsLostAndTheOrderIsKept() {
		assertThat(KafkaAutoConfiguration.configuration(new KafkaProperties(List.of("one:1"), "weir", Map.of())))
			.containsEntry("acks", "all")
			.containsEntry("enable.idempotence", true)
			.containsEntry("max.in.flight.requests.per.connection", 1)
			.containsEntry("delivery.timeout.ms", Integer.MAX_VALUE)
			.containsEntry("max.block.ms", Long.MAX_VALUE);
	}

	@Test
	void whenAPropertyOfTheProducerIsGivenThenItCounts() {
		assertThat(KafkaAutoConfiguration
			.configuration(new KafkaProperties(List.of("one:1"), "weir", Map.of("acks", "1", "linger.ms", "20"))))
			.containsEntry("acks", "1")
			.containsEntry("linger.ms", "20")
			.containsEntry("bootstrap.servers", List.of("one:1"));
	}

	@Test
	void whenTheProducerDoesNotTakeAValueThenTheReportSaysWhichOne() {
		assertReport("weir.kafka.bootstrap-servers=127.0.0.1", "Invalid url in bootstrap.servers: 127.0.0.1");
		assertReport("weir.kafka.properties.linger.ms=soon", "Invalid value soon for configuration linger.ms");
	}

	private void assertReport(String property, String reason) {
		this.weir.withPropertyValues("weir.kafka.bootstrap-servers=127.0.0.1:9092", property).run((context) -> {
			assertThat(context).hasFailed();
			FailureAnalysis report = new KafkaFailureAnalyzer().analyze(context.getStartupFailure());
			assertThat(report).isNotNull();
			assertThat(report.getDescription()).contains("weir.kafka").contains(reason);
			assertThat(report.getAction()).contains("weir.kafka.bootstrap-servers").contains("weir.kafka.properties");
			assertThat(report.getCause()).isInstanceOf(ConfigException.class);
		});
	}

	private static final class NoText implements RecordText {

		@Override
		public byte[] json(UnpackedRecord record) {
			return new byte[0];
		}

		@Override
		public String client(UnpackedRecord record) {
			return "";
		}

	}

}
