package io.weir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes which tests were skipped and why into a file, which the build shows at its end.
 */
public final class SkippedTests implements TestExecutionListener {

	private final Queue<String> lines = new ConcurrentLinkedQueue<>();

	@Override
	public void executionSkipped(TestIdentifier test, String reason) {
		add(test, reason);
	}

	@Override
	public void executionFinished(TestIdentifier test, TestExecutionResult result) {
		if (result.getStatus() == Status.ABORTED) {
			add(test, result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
		}
	}

	private void add(TestIdentifier test, String reason) {
		// [engine:…]/[class:…]/[method:…]
		String id = test.getUniqueIdObject()
			.getSegments()
			.stream()
			.skip(1)
			.map((part) -> part.getValue())
			.reduce((one, other) -> one + " " + other)
			.orElse("");
		this.lines.add("Skipped %s: %s".formatted(id, reason.lines().findFirst().orElse("")));
	}

	@Override
	public void testPlanExecutionFinished(TestPlan plan) {
		String file = System.getProperty("weir.skipped");
		if (file != null) {
			try {
				Files.createDirectories(Path.of(file).getParent());
				Files.write(Path.of(file), this.lines);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
	}

}
