package io.weir.monitor;

import java.io.IOException;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link JvmFindings}.
 */
class JvmFindingsTests extends FakeProcTest {

	@BeforeEach
	void writeProc() throws IOException {
		this.proc.files(4096, 4096).write("sys/net/core/somaxconn", "4096\n");
	}

	@ParameterizedTest
	@CsvSource({ "25, JDK-8369227 JDK-8373120", "25.0.2, JDK-8369227 JDK-8373120", "25.0.3, JDK-8373120",
			"25.0.3+9-LTS, JDK-8373120", "25.0.4, ''", "25.0.10, ''", "25.1, ''", "26, ''" })
	void whenTheJdkHasAKnownFaultThenItIsNamedWithTheOneToTake(String version, String faults) throws IOException {
		List<Finding> found = jvmFindings(new JvmFindings(Runtime.Version.parse(version), Long.MAX_VALUE, 0, 0), 10);
		if (faults.isEmpty()) {
			assertThat(found).isEmpty();
		}
		else {
			assertThat(found).singleElement().satisfies((finding) -> {
				assertThat(finding.setting()).isEqualTo("jdk");
				assertThat(finding.message()).startsWith("JDK " + version + " has a known fault")
					.contains(faults.split(" ", -1));
				assertThat(finding.message().contains("JDK-8369227")).isEqualTo(faults.contains("JDK-8369227"));
				assertThat(finding.remedy()).isEqualTo("Take JDK 25.0.4 or later");
			});
		}
	}

	@ParameterizedTest
	@CsvSource({ "22, 2097152, -1", "22, 2097151, 1023", "0, 1, -1", "16777216, 34359738368, -1",
			"16777216, 34359738367, 1023", "3000, 17825792, -1", "3000, 17000000, 976" })
	void whenRecordsDoNotFitTheMemoryThenTheNumberThatFitsIsNamed(int recordBytes, long memory, int fitting)
			throws IOException {
		assertFitting(new JvmFindings(Runtime.Version.parse("25.0.4"), memory, 0, recordBytes), fitting,
				"record-format", "a record has " + recordBytes + " bytes: 1024 connections");
	}

	@ParameterizedTest
	@CsvSource({ "1024, 1048576, -1", "1024, 1048575, 1023", "16777216, 17179869183, 1023", "16777216, 1, 1",
			"0, 1, -1" })
	void whenChunksDoNotFitTheMemoryThenTheNumberThatFitsIsNamed(int chunkBytes, long memory, int fitting)
			throws IOException {
		assertFitting(new JvmFindings(Runtime.Version.parse("25.0.4"), memory, chunkBytes, 0), fitting, "chunk-size",
				"a chunk of " + chunkBytes + " bytes from each of 1024 connections");
	}

	// With 1024 connections; a negative number stands for all of them
	private void assertFitting(JvmFindings rule, int fitting, String setting, String message) throws IOException {
		List<Finding> found = jvmFindings(rule, 1024);
		if (fitting < 0) {
			assertThat(found).isEmpty();
		}
		else {
			assertThat(found).singleElement().satisfies((finding) -> {
				assertThat(finding.setting()).isEqualTo(setting);
				assertThat(finding.message()).startsWith(message);
				assertThat(finding.remedy()).containsPattern("tcp\\.server\\.max-connections to " + fitting + "\\b");
			});
		}
	}

	private List<Finding> jvmFindings(JvmFindings rule, int maxConnections) throws IOException {
		try (RunningServer running = new RunningServer(null, null, maxConnections, this.proc.reader()).start()) {
			return running.findings(System::nanoTime, List.of(rule)).current();
		}
	}

}
