package io.weir;

import java.util.ArrayList;
import java.util.List;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.interactions.Actions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the page for people with a keyboard and without a mouse.
 */
class StatusPageKeyboardIntegrationTests extends StatusPageTest {

	// The element that has the focus: its id, or its table's title, or its row and text
	private static final String FOCUSED = """
			const one = document.activeElement;
			return (one === document.body) ? 'nothing' : (one.id || one.getAttribute('aria-labelledby')
				|| (one.closest('tr') ? `${one.closest('tr').dataset.connection} ${one.textContent}` : one.textContent)).trim();
			""";

	// What keeps people from seeing where the focus is
	private static final String UNSEEN = """
			const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
			const on = document.elementFromPoint((Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2,
				(Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2);
			return [[one.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
					'has no outline'],
				[box.width > 1 && box.height > 1, 'has no size'],
				[box.top < innerHeight && box.bottom > 0 && box.left >= 0, 'is outside of the window'],
				[one.contains(on), 'is below ' + on?.outerHTML]].filter(([well]) => !well).map(([, why]) => why).join();
			""";

	@Test
	void whenTabIsPressedThenEachControlIsReachedInTheOrderOfThePageAndSeen() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo",
				"--management.endpoint.tcpconnections.access=unrestricted");
		try (Peer first = Peer.connect(weir.tcpPort()); Peer second = Peer.connect(weir.tcpPort())) {
			first.send(new byte[100]).receive(100);
			second.send(new byte[1]).receive(1);
			end(weir.tcpPort(), 1);
			open(weir);
			awaitRows(2);
			awaitText("#ended", "end of stream");
			List<String> order = List.of("Skip to the open connections", "settings-title", "The kernel's limits",
					"sort", "peer", "diagnosed", "connections-title", "1 127.0.0.1:" + first.port(), "1 Close",
					"2 127.0.0.1:" + second.port(), "2 Close", "history-title");
			assertThat(walk(order.size(), () -> press(Keys.TAB))).isEqualTo(order);
			List<String> back = walk(order.size() - 1, () -> pressWith(Keys.SHIFT, Keys.TAB));
			assertThat(back.reversed()).isEqualTo(order.subList(0, order.size() - 1));
			// The link at the top leads past all that is above the list
			press(Keys.ENTER);
			assertThat(walk(1, () -> press(Keys.TAB))).containsExactly("sort");
		}
	}

	private static List<String> walk(int steps, Runnable step) {
		List<String> reached = new ArrayList<>();
		for (int i = 0; i < steps; i++) {
			step.run();
			reached.add(focused());
			assertThat(String.valueOf(browser.run(UNSEEN))).as(focused()).isEmpty();
		}
		return reached;
	}

	private static void press(CharSequence... keys) {
		new Actions(browser.driver()).sendKeys(keys).perform();
	}

	private static void pressWith(Keys modifier, CharSequence key) {
		new Actions(browser.driver()).keyDown(modifier).sendKeys(key).keyUp(modifier).perform();
	}

	private static String focused() {
		return String.valueOf(browser.run(FOCUSED));
	}

	private static void tabTo(String control) {
		for (int i = 0; i < 40 && !focused().equals(control); i++) {
			press(Keys.TAB);
		}
		assertThat(focused()).isEqualTo(control);
	}

	private static void end(int port, int count) throws Exception {
		for (int i = 0; i < count; i++) {
			try (Peer peer = Peer.connect(port)) {
				peer.send(new byte[1]).receive(1);
			}
		}
	}

	@Test
	void whenSortedFilteredAndOpenedByKeysThenTheServerDoesItAndTheFocusStays() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo");
		try (Peer first = Peer.connect(weir.tcpPort())) {
			first.send(new byte[1]).receive(1);
			try (Peer second = Peer.connect("127.0.0.2", weir.tcpPort())) {
				second.send(new byte[100]).receive(100);
				open(weir);
				awaitText("#open > tr:first-child", "127.0.0.2:" + second.port());
				tabTo("1 127.0.0.1:" + first.port());
				press(Keys.ENTER);
				assertThat(browser.text("#detail-1")).contains("What the kernel says");
				press(Keys.SPACE);
				assertThat(browser.has("#detail-1")).isFalse();
				press(Keys.SPACE);
				// Its row moves, and has the focus, and is open
				first.send(new byte[1000]).receive(1000);
				awaitText("#open > tr:first-child", "127.0.0.1:" + first.port());
				assertThat(focused()).isEqualTo("1 127.0.0.1:" + first.port());
				assertThat(browser.find("#open > tr:first-child button.peer").getDomAttribute("aria-expanded"))
					.isEqualTo("true");
				assertThat(browser.has("#open > tr:first-child + #detail-1")).isTrue();
				stopAskingUnasked();
				// Longest idle is the third choice
				back("sort");
				press(Keys.ARROW_DOWN, Keys.ARROW_DOWN);
				awaitText("#open > tr:first-child", "127.0.0.2:" + second.port());
				assertThat(browser.requests()).anyMatch((url) -> url.contains("limit=50&sort=idle"));
				assertThat(focused()).isEqualTo("sort");
				press(Keys.TAB);
				press("127.0.0.2", Keys.ENTER);
				// What was opened stays in view, though the filter does not ask for it
				awaitText("#shown", "1");
				awaitText("#open > tr:first-child", "127.0.0.2:" + second.port());
				assertThat(browser.requests()).anyMatch((url) -> url.contains("peer=127.0.0.2"));
				pressWith(Keys.CONTROL, "a");
				press(Keys.DELETE, Keys.ENTER);
				awaitText("#shown", "2");
				press(Keys.TAB);
				assertThat(focused()).isEqualTo("diagnosed");
				press(Keys.SPACE);
				awaitText("#shown", "0");
				assertThat(browser.requests()).anyMatch((url) -> url.contains("diagnosed=true"));
				press(Keys.SPACE);
				awaitText("#shown", "2");
			}
		}
	}

	// What is chosen takes effect at once, not when the page would have asked anyway
	private static void stopAskingUnasked() {
		browser.run("""
				const later = setTimeout;
				setTimeout = (task, millis) => millis ? 0 : later(task, 0);
				for (let i = 0; i < 100_000; i++) {
					clearTimeout(i);
				}""");
	}

	private static void back(String control) {
		for (int i = 0; i < 40 && !focused().equals(control); i++) {
			pressWith(Keys.SHIFT, Keys.TAB);
		}
		assertThat(focused()).isEqualTo(control);
	}

	@Test
	void whenTheTablesAreLongThenKeysScrollThem() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo");
		end(weir.tcpPort(), 60);
		open(weir);
		awaitText("#history-count", "50");
		assertThat(browser.findAll("#last tr")).hasSize(50);
		back("history-title");
		press(Keys.PAGE_DOWN);
		Awaitility.await()
			.atMost(PATIENCE)
			.until(() -> Boolean.TRUE.equals(browser.run("return document.activeElement.scrollTop > 100")));
		browser.resize(320, 900);
		back("settings-title");
		press(Keys.ARROW_RIGHT);
		Awaitility.await()
			.atMost(PATIENCE)
			.until(() -> Boolean.TRUE.equals(browser.run("return document.activeElement.scrollLeft > 10")));
	}

	@Test
	void whenClosingIsAllowedThenARowCanBeClosedAfterAQuestion() throws Exception {
		RunningWeir weir = start("--tcp.server.protocol=echo",
				"--management.endpoint.tcpconnections.access=unrestricted");
		try (Peer peer = Peer.connect(weir.tcpPort()); Peer other = Peer.connect(weir.tcpPort())) {
			peer.send(new byte[100]).receive(100);
			other.send(new byte[1]).receive(1);
			open(weir);
			awaitRows(2);
			tabTo("1 Close");
			press(Keys.SPACE);
			assertThat(browser.text("#question-text"))
				.isEqualTo("Close the connection of 127.0.0.1:" + peer.port() + "?");
			assertThat(focused()).isEqualTo("keep");
			press(Keys.ESCAPE);
			assertThat(browser.shows("#question")).isFalse();
			assertThat(focused()).isEqualTo("1 Close");
			press(Keys.ENTER);
			press(Keys.ENTER);
			assertThat(browser.shows("#question")).isFalse();
			assertThat(peer.send(new byte[1]).receive(1)).hasSize(1);
			press(Keys.ENTER);
			assertThat(walk(1, () -> press(Keys.TAB))).containsExactly("close");
			press(Keys.ENTER);
			assertThat(peer.receiveToEnd()).isEmpty();
			awaitText("#list-note", "127.0.0.1:" + peer.port() + " is closed.");
			peer.endStream();
			awaitText("#ended", "closed by operator");
			awaitRows(1);
			// Where the row was, not at the top of the page
			assertThat(walk(1, () -> press(Keys.TAB))).containsExactly("2 127.0.0.1:" + other.port());
			assertThat(other.send(new byte[1]).receive(1)).hasSize(1);
		}
	}

}
