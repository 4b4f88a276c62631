package io.weir;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.openqa.selenium.StaleElementReferenceException;

/**
 * Base of the tests for the page for people in a browser: a server of each test's own,
 * and one browser for all.
 */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
abstract class StatusPageTest {

	static final Duration PATIENCE = Duration.ofSeconds(20);

	@RegisterExtension
	static final Browser browser = new Browser();

	// When the browser has left the page
	@AutoClose
	final Opened opened = new Opened();

	final RunningWeir start(String... arguments) {
		return this.opened.later(RunningWeir.start(arguments));
	}

	final RunningWeir start(List<Class<?>> configurations, String... arguments) {
		return this.opened.later(RunningWeir.start(configurations, arguments));
	}

	static String origin(int port) {
		return "http://localhost:" + port + "/";
	}

	/**
	 * Opens the page of a server that has a free place.
	 */
	static void open(RunningWeir weir) {
		open(weir, "Accepting connections");
	}

	static void open(RunningWeir weir, String state) {
		browser.prefer("light").open(origin(weir.httpPort()), "actuator/tcpstatus", 1280, 1000);
		awaitText("#state", state);
	}

	static void awaitText(String selector, String text) {
		Awaitility.await(selector + " " + text)
			.atMost(PATIENCE)
			.ignoreException(StaleElementReferenceException.class)
			.until(() -> browser.has(selector) && browser.text(selector).contains(text));
	}

	static void awaitRows(int count) {
		Awaitility.await(count + " rows").atMost(PATIENCE).until(() -> browser.findAll("#open > tr").size() == count);
	}

}
