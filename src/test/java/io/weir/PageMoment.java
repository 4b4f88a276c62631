package io.weir;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the page showed when it had drawn all that the endpoints had told it, next to what
 * they had told: kept in the browser at the moment in which the page asks again.
 */
final class PageMoment {

	/**
	 * Runs before the page's own script. Copies what each endpoint answers, the time that
	 * the page takes for it, and what the page has made of it.
	 */
	static final String WITNESS = """
			const fetchOfTheBrowser = fetch, now = performance.now.bind(performance);
			const told = {};
			let at;
			performance.now = () => at = now();
			fetch = async (path, options) => {
				if (path === 'tcpserver' && told.server) {
					Object.assign(told, { first: told.first ?? told.server, times: [told.times?.[1], at] });
					moment = { told: JSON.stringify(told), page: document.body.cloneNode(true) };
					told.before = told.server;
				}
				const answer = await fetchOfTheBrowser(path, options);
				const name = path.includes('state=closed') ? 'closed' : (path === 'tcpserver') ? 'server' : 'open';
				told[name] = await answer.clone().json();
				return answer;
			};
			""";

	private static final JsonMapper JSON = new JsonMapper();

	private final Browser browser;

	private final JsonNode told;

	private PageMoment(Browser browser, JsonNode told) {
		this.browser = browser;
		this.told = told;
	}

	/**
	 * Waits for a moment in which the endpoints had told what is asked for.
	 */
	static PageMoment await(Browser browser, Predicate<PageMoment> condition) {
		return Awaitility.await("a moment of the page")
			.atMost(Duration.ofSeconds(40))
			.until(() -> new PageMoment(browser, JSON.readTree(
					Objects.requireNonNullElse(browser.run("return (pinned = window.moment)?.told"), "{}").toString())),
					(moment) -> moment.hasRates() && condition.test(moment));
	}

	// Not in its first answer, nor after a pause of three periods
	private boolean hasRates() {
		return this.told.has("before") && elapsed() < 6000;
	}

	/**
	 * What {@code tcpserver} had answered.
	 */
	JsonNode server() {
		return this.told.at("/server");
	}

	/**
	 * What {@code tcpserver} had answered the time before.
	 */
	JsonNode serverBefore() {
		return this.told.at("/before");
	}

	/**
	 * What {@code tcpserver} had answered when the page was opened.
	 */
	JsonNode serverAtFirst() {
		return this.told.at("/first");
	}

	/**
	 * Milliseconds between the last two answers of {@code tcpserver}.
	 */
	double elapsed() {
		return this.told.at("/times/1").asDouble() - this.told.at("/times/0").asDouble();
	}

	/**
	 * What {@code tcpconnections} had answered.
	 */
	JsonNode open() {
		return this.told.at("/open");
	}

	/**
	 * What {@code tcpconnections?state=closed} had answered.
	 */
	JsonNode closed() {
		return this.told.at("/closed");
	}

	String text(String selector) {
		return only(texts(selector), selector);
	}

	String title(String selector) {
		return only(all(selector, "title"), selector);
	}

	List<String> texts(String selector) {
		return all(selector, "textContent");
	}

	/**
	 * A property of each element that fits.
	 */
	List<String> all(String selector, String property) {
		return ((List<?>) Objects.requireNonNull(this.browser.run(
				"return [...pinned.page.querySelectorAll(arguments[0])].map((one) => String(one[arguments[1]]))",
				selector, property)))
			.stream()
			.map(String::valueOf)
			.toList();
	}

	private static String only(List<String> found, String selector) {
		if (found.size() != 1) {
			throw new AssertionError(selector + " fits " + found.size() + " elements: " + found);
		}
		return found.getFirst();
	}

}
