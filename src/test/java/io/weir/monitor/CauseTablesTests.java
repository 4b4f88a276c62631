package io.weir.monitor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.weir.connection.ConnectionState;
import io.weir.kernel.TcpInfoField;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The tables of causes in the documents have all causes in their order, name the side
 * that the remedy names, and figures of {@code ss} that the evidence names.
 */
class CauseTablesTests {

	private static final DiagnosisLimits LIMITS = new DiagnosisLimits(16_384, 33_554_432, 16_384, 4_194_304,
			Duration.ofSeconds(30), Duration.ofMinutes(5), OptionalLong.of(15));

	private static final Pattern SIDE = Pattern.compile("this server|path|peer");

	private static final Pattern FIGURE = Pattern.compile("`([A-Za-z_-]+)`");

	@ParameterizedTest
	@CsvSource({ "README.md, false", "src/docs/monitoring.md, true" })
	void aTableAgreesWithWhatIsSaid(String file, boolean hasEvidence) throws IOException {
		List<List<String>> rows = Files.readAllLines(Path.of(file))
			.stream()
			.filter((line) -> line.startsWith("| `"))
			.map((line) -> Arrays.stream(line.split("\\|", -1)).map(String::strip).toList())
			.filter((cells) -> isCause(cells.get(1)))
			.toList();
		assumeTrue(hasEvidence || !rows.isEmpty(), file + " has no such table");
		assertThat(rows).extracting((cells) -> cells.get(1).replace("`", ""))
			.containsExactlyElementsOf(Arrays.stream(Cause.values()).map(Cause::text).toList());
		for (Cause cause : Cause.values()) {
			List<String> cells = rows.get(cause.place());
			Diagnosis diagnosis = diagnosis(cause);
			String remedy = diagnosis.remedy();
			assertThat(sides(cells.get(cells.size() - 2).split(":", 2)[0])).as(cause.text())
				.isEqualTo(sides(remedy.substring(0, remedy.indexOf(':'))));
			if (hasEvidence) {
				List<String> figures = FIGURE.matcher(cells.get(3)).results().map((found) -> found.group(1)).toList();
				assertThat(figures).as(cause.text())
					.isNotEmpty()
					.allSatisfy((figure) -> assertThat(diagnosis.evidence()).containsPattern("\\b" + figure + "\\b"));
			}
		}
	}

	private static boolean isCause(String cell) {
		return Arrays.stream(Cause.values()).anyMatch((cause) -> cell.equals("`" + cause.text() + "`"));
	}

	private static Set<String> sides(String text) {
		return new TreeSet<>(SIDE.matcher(text.toLowerCase(Locale.ROOT)).results().map(MatchResult::group).toList());
	}

	private static Diagnosis diagnosis(Cause cause) {
		ConnectionTrend trend = new ConnectionTrend();
		Figures figures = new Figures().with(TcpInfoField.BYTES_SENT, 0)
			.with(TcpInfoField.BYTES_RECEIVED, 0)
			.with(TcpInfoField.RTT_MICROS, 10_000)
			.with(TcpInfoField.MIN_RTT_MICROS, 10_000)
			.with(TcpInfoField.BUSY_MICROS, 0)
			.with(TcpInfoField.SEND_BUFFER_LIMITED_MICROS, 0);
		for (int now = 0; now <= 3_000; now += 1_000) {
			figures.add(TcpInfoField.BYTES_SENT, 100_000).add(TcpInfoField.BYTES_RECEIVED, 100_000);
			figures.add(TcpInfoField.BUSY_MICROS, 1_000_000).add(TcpInfoField.SEND_BUFFER_LIMITED_MICROS, 500_000);
			trend.add(figures, ConnectionState.WRITING, 0, 0, now, 1_000, 0);
		}
		trend.diagnosed(cause, 0);
		return Objects.requireNonNull(DiagnosisText.of(trend, LIMITS));
	}

}
