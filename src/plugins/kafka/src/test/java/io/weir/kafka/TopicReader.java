package io.weir.kafka;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Writes the messages of a topic to a file, a line each: key, tab, value. Ends when there
 * are as many as asked for and all that the topic has, or after some time.
 */
final class TopicReader {

	private TopicReader() {
	}

	public static void main(String[] args) throws IOException {
		if (args.length != 5) {
			throw new IllegalArgumentException("broker, topic, file, count, seconds");
		}
		int count = Integer.parseInt(args[3]);
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(args[4]));
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", args[0]),
				new StringDeserializer(), new StringDeserializer());
				BufferedWriter out = Files.newBufferedWriter(Path.of(args[2]))) {
			List<TopicPartition> partitions = consumer.partitionsFor(args[1])
				.stream()
				.map((partition) -> new TopicPartition(partition.topic(), partition.partition()))
				.toList();
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			int found = 0;
			while ((found < count || !isAtEnd(consumer)) && System.nanoTime() < end) {
				for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
					out.write(record.key() + "\t" + record.value() + "\n");
					found++;
				}
			}
		}
	}

	private static boolean isAtEnd(KafkaConsumer<String, String> consumer) {
		return consumer.endOffsets(consumer.assignment())
			.entrySet()
			.stream()
			.allMatch((end) -> consumer.position(end.getKey()) >= end.getValue());
	}

}
