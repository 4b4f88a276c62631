package io.weir.kafka;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Writes the messages of a topic to standard output, a line each: key, tab, value. Ends
 * when there are as many as asked for and no more come, or none comes for 10 s.
 */
final class TopicReader {

	private TopicReader() {
	}

	public static void main(String[] args) throws IOException {
		int count = Integer.parseInt(args[2]);
		Map<String, Object> configuration = Map.of("bootstrap.servers", args[0]);
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(configuration, new StringDeserializer(),
				new StringDeserializer());
				BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8))) {
			List<TopicPartition> partitions = consumer.partitionsFor(args[1])
				.stream()
				.map((partition) -> new TopicPartition(partition.topic(), partition.partition()))
				.toList();
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			int found = 0;
			boolean more = true;
			while (more) {
				ConsumerRecords<String, String> records = consumer.poll(Duration.ofSeconds((found >= count) ? 1 : 10));
				for (ConsumerRecord<String, String> record : records) {
					out.write(record.key() + "\t" + record.value() + "\n");
					found++;
				}
				more = !records.isEmpty();
			}
		}
	}

}
