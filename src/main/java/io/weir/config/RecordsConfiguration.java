package io.weir.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

import io.weir.api.RecordSink;
import io.weir.api.RecordText;
import io.weir.records.FileOutput;
import io.weir.records.LineText;
import io.weir.records.RecordFields;
import io.weir.records.RecordOutput;
import io.weir.records.RecordSinks;
import io.weir.records.StandardOutput;
import io.weir.struct.StructFormat;
import io.weir.transport.SocketAddresses;

/**
 * Where records go.
 */
@Configuration(proxyBeanMethods = false)
class RecordsConfiguration {

	@Bean
	@ConditionalOnMissingBean
	RecordSinks recordSinks(TcpServerProperties properties, ObjectProvider<RecordSink> sinks) {
		List<RecordSink> users = sinks.orderedStream().toList();
		RecordOutput output = output(properties.records());
		// Without either no name is needed: a format may have millions of values
		StructFormat format = StructFormat.parse((users.isEmpty() && output == null) ? "" : properties.recordFormat());
		List<String> fields = (users.isEmpty() && output == null) ? List.of() : properties.records().fields();
		return new RecordSinks(RecordFields.of(fields, format), users, output, SocketAddresses::text);
	}

	// Only sinks of the user's ask for it
	@Bean
	@Lazy
	@ConditionalOnMissingBean
	RecordText recordText(TcpServerProperties properties) {
		RecordFields fields = RecordFields.of(properties.records().fields(),
				StructFormat.parse(properties.recordFormat()));
		return new LineText(fields, SocketAddresses::text, SocketAddresses::text);
	}

	private static @Nullable RecordOutput output(TcpServerProperties.Records records) {
		return switch (records.output()) {
			case NONE -> null;
			case STDOUT -> new StandardOutput();
			case FILE -> new FileOutput(Path.of(Objects.requireNonNull(records.file())).toAbsolutePath(),
					records.maxFileSize().toBytes(), records.maxFiles());
		};
	}

}
