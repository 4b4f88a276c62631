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
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.opentest4j.TestAbortedException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Chromium without a window, as Debian's packages {@code chromium} and
 * {@code chromium-driver} install it, for the tests of a class. After each of them it
 * holds that nothing was asked elsewhere, and that the console has no line that the test
 * did not expect.
 */
final class Browser implements BeforeAllCallback, BeforeEachCallback, AfterTestExecutionCallback, AfterAllCallback {

	private static final JsonMapper JSON = new JsonMapper();

	// What the policy forbids, whatever Chromium writes of it
	private static final String WATCH = """
			document.addEventListener('securitypolicyviolation',
				(event) => console.error('securitypolicyviolation', event.effectiveDirective, event.blockedURI));
			""";

	private final List<String> bases = new ArrayList<>();

	private final List<String> requests = new ArrayList<>();

	private final List<Pattern> expected = new ArrayList<>();

	private final List<Pattern> allowed = new ArrayList<>();

	@SuppressWarnings("NullAway.Init")
	private ChromeDriver driver;

	/**
	 * Starts the browser; skips the tests where there is none.
	 */
	@Override
	public void beforeAll(ExtensionContext context) {
		Optional<Path> chromium = program("chromium");
		Optional<Path> chromedriver = program("chromedriver");
		assumeTrue(chromium.isPresent() && chromedriver.isPresent(),
				"chromium or chromedriver is not installed (Debian: chromium, chromium-driver)");
		ChromeOptions options = new ChromeOptions();
		options.setBinary(chromium.orElseThrow().toFile());
		// Root cannot have the sandbox, the shared memory of a container is small, and
		// nothing is to call home
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
		this.driver = new ChromeDriver(service, options);
		this.driver.manage().timeouts().pageLoadTimeout(Duration.ofSeconds(30)).scriptTimeout(Duration.ofSeconds(60));
		runFirst(WATCH);
	}

	@Override
	public void beforeEach(ExtensionContext context) {
		readRequests();
		readConsole();
		this.requests.clear();
		this.bases.clear();
		this.expected.clear();
		this.allowed.clear();
	}

	/**
	 * Leaves the page before its server stops, or it would complain of that.
	 */
	@Override
	public void afterTestExecution(ExtensionContext context) {
		this.driver.get("about:blank");
		List<String> console = readConsole();
		readRequests();
		if (context.getExecutionException().filter(TestAbortedException.class::isInstance).isPresent()) {
			return;
		}
		List<String> unexpected = console.stream()
			.filter((line) -> Stream.concat(this.expected.stream(), this.allowed.stream())
				.noneMatch((pattern) -> pattern.matcher(line).find()))
			.toList();
		assertThat(unexpected).as("what the console says").isEmpty();
		assertThat(this.expected).as("what the console was expected to say: %s", console)
			.allMatch((pattern) -> console.stream().anyMatch(pattern.asPredicate()));
		assertThat(this.requests).as("what was asked").isNotEmpty().allMatch(this::isBelowBase);
	}

	private boolean isBelowBase(String url) {
		return url.equals("about:blank") || this.bases.stream().anyMatch(url::startsWith);
	}

	@Override
	public void afterAll(ExtensionContext context) {
		if (this.driver != null) {
			this.driver.quit();
		}
	}

	/**
	 * Lets the console have lines that match, and insists on one.
	 */
	void expect(String regex) {
		this.expected.add(Pattern.compile(regex));
	}

	/**
	 * Has each page from now on run a script before its own.
	 * @return what {@link #runFirstNoMore} takes
	 */
	Object runFirst(String script) {
		return Objects
			.requireNonNull(cdp("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script)).get("identifier"));
	}

	void runFirstNoMore(Object identifier) {
		cdp("Page.removeScriptToEvaluateOnNewDocument", Map.of("identifier", identifier));
	}

	private static Optional<Path> program(String name) {
		return Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator))
			.map((directory) -> Path.of(directory, name))
			.filter(Files::isExecutable)
			.findFirst();
	}

	/**
	 * Opens a page in a window of a size, in CSS pixels.
	 * @param base what each URL begins with that the page may ask
	 * @param path the page, below it
	 */
	Browser open(String base, String path, int width, int height) {
		this.bases.add(base);
		resize(width, height);
		this.driver.get(base + path);
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
		return prefer("prefers-color-scheme", scheme);
	}

	Browser prefer(String feature, String value) {
		cdp("Emulation.setEmulatedMedia", Map.of("features", List.of(Map.of("name", feature, "value", value))));
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
		// It reads its own canvas again and again
		this.allowed.add(Pattern.compile("^WARNING rendering .* Canvas2D: "));
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
	 * The URLs that were requested in this test so far.
	 */
	List<String> requests() {
		readRequests();
		return this.requests;
	}

	private void readRequests() {
		this.driver.manage().logs().get(LogType.PERFORMANCE).forEach((entry) -> {
			JsonNode message = JSON.readTree(entry.getMessage()).at("/message");
			switch (message.at("/method").asString()) {
				case "Network.requestWillBeSent" -> this.requests.add(message.at("/params/request/url").asString());
				case "Network.webSocketCreated" -> this.requests.add(message.at("/params/url").asString());
				default -> {
				}
			}
		});
	}

	// Errors, warnings, and what the policy forbids
	private List<String> readConsole() {
		return this.driver.manage()
			.logs()
			.get(LogType.BROWSER)
			.getAll()
			.stream()
			.map((entry) -> entry.getLevel() + " " + entry.getMessage())
			.toList();
	}

}
