package io.weir;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.logging.Level;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Chromium without a window, as Debian's packages {@code chromium} and
 * {@code chromium-driver} install it.
 */
final class Browser implements AutoCloseable {

	private static final JsonMapper JSON = new JsonMapper();

	private final ChromeDriver driver;

	private final List<String> requests = new ArrayList<>();

	private Browser(ChromeDriver driver) {
		this.driver = driver;
	}

	/**
	 * Starts the browser; skips the test where there is none.
	 */
	static Browser start() {
		Optional<Path> chromium = program("chromium");
		Optional<Path> chromedriver = program("chromedriver");
		assumeTrue(chromium.isPresent() && chromedriver.isPresent(),
				"chromium or chromedriver is not installed (Debian: chromium, chromium-driver)");
		ChromeOptions options = new ChromeOptions();
		options.setBinary(chromium.orElseThrow().toFile());
		// The sandbox can't be had by root, the shared memory of a container is small,
		// and nothing is to call home
		options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
				"--disable-background-networking", "--disable-component-update", "--no-first-run", "--hide-scrollbars",
				"--lang=en");
		LoggingPreferences logs = new LoggingPreferences();
		logs.enable(LogType.BROWSER, Level.ALL);
		logs.enable(LogType.PERFORMANCE, Level.ALL);
		options.setCapability("goog:loggingPrefs", logs);
		// With its path nothing is looked for, and nothing downloaded
		ChromeDriverService service = new ChromeDriverService.Builder()
			.usingDriverExecutable(chromedriver.orElseThrow().toFile())
			.usingAnyFreePort()
			.build();
		ChromeDriver driver = new ChromeDriver(service, options);
		driver.manage().timeouts().pageLoadTimeout(Duration.ofSeconds(30)).scriptTimeout(Duration.ofSeconds(60));
		return new Browser(driver);
	}

	private static Optional<Path> program(String name) {
		return Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator))
			.map((directory) -> Path.of(directory, name))
			.filter(Files::isExecutable)
			.findFirst();
	}

	/**
	 * Opens a page in a window of a size, in CSS pixels.
	 */
	Browser open(String url, int width, int height) {
		resize(width, height);
		this.driver.get(url);
		return this;
	}

	void resize(int width, int height) {
		cdp("Emulation.setDeviceMetricsOverride",
				Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
	}

	/**
	 * What the system prefers: {@code light} or {@code dark}.
	 */
	Browser prefer(String scheme) {
		cdp("Emulation.setEmulatedMedia",
				Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
		return this;
	}

	Map<String, Object> cdp(String command, Map<String, Object> parameters) {
		return this.driver.executeCdpCommand(command, parameters);
	}

	ChromeDriver driver() {
		return this.driver;
	}

	WebElement find(String selector) {
		return this.driver.findElement(By.cssSelector(selector));
	}

	List<WebElement> findAll(String selector) {
		return this.driver.findElements(By.cssSelector(selector));
	}

	/**
	 * The text of an element, seen or not.
	 */
	String text(String selector) {
		return attribute(find(selector), "textContent");
	}

	String title(String selector) {
		return attribute(find(selector), "title");
	}

	static String attribute(WebElement element, String name) {
		return Objects.requireNonNullElse(element.getDomProperty(name), "");
	}

	boolean has(String selector) {
		return !findAll(selector).isEmpty();
	}

	boolean shows(String selector) {
		try {
			return findAll(selector).stream().anyMatch(WebElement::isDisplayed);
		}
		// Drawn again meanwhile
		catch (StaleElementReferenceException ex) {
			return false;
		}
	}

	@Nullable Object run(String script, Object... arguments) {
		return this.driver.executeScript(script, arguments);
	}

	/**
	 * What axe-core finds that is serious or critical, a line each.
	 */
	List<String> seriousViolations() {
		run(axe());
		Object result = this.driver.executeAsyncScript(
				"""
						const done = arguments[arguments.length - 1];
						axe.run(document, { resultTypes: ['violations'] }).then((result) => done(JSON.stringify(result.violations)),
							(failure) => done(JSON.stringify([{ id: String(failure), impact: 'critical', nodes: [] }])));
						""");
		JsonNode violations = JSON.readTree(String.valueOf(result));
		return violations.valueStream()
			.filter((violation) -> List.of("serious", "critical").contains(violation.at("/impact").asString()))
			.map((violation) -> violation.at("/id").asString() + " "
					+ violation.at("/nodes")
						.valueStream()
						.map((node) -> node.at("/html").asString() + " " + node.at("/failureSummary").asString())
						.toList())
			.toList();
	}

	private static String axe() {
		try {
			Resource[] found = new PathMatchingResourcePatternResolver()
				.getResources("classpath*:META-INF/resources/webjars/axe-core/*/axe.min.js");
			assertThat(found).hasSize(1);
			return found[0].getContentAsString(StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Takes a picture of what is in the window.
	 */
	byte[] picture() {
		return this.driver.getScreenshotAs(OutputType.BYTES);
	}

	/**
	 * The URLs that were requested so far.
	 */
	List<String> requests() {
		this.driver.manage().logs().get(LogType.PERFORMANCE).forEach((entry) -> {
			JsonNode message = JSON.readTree(entry.getMessage()).at("/message");
			if (message.at("/method").asString().equals("Network.requestWillBeSent")) {
				this.requests.add(message.at("/params/request/url").asString());
			}
		});
		return this.requests;
	}

	/**
	 * Holds that nothing was asked elsewhere, and that the console has no word of it: no
	 * error, no warning, nothing that the policy forbids.
	 */
	void assertClean(String origin) {
		assertThat(requests()).isNotEmpty().allMatch((url) -> url.startsWith(origin));
		assertThat(this.driver.manage().logs().get(LogType.BROWSER).getAll()).isEmpty();
	}

	/**
	 * Forgets what the console has.
	 * @return its lines
	 */
	List<String> console() {
		return this.driver.manage()
			.logs()
			.get(LogType.BROWSER)
			.getAll()
			.stream()
			.map((entry) -> entry.getLevel() + " " + entry.getMessage())
			.toList();
	}

	@Override
	public void close() {
		this.driver.quit();
	}

}
