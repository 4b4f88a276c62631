package io.weir.config;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SslBundleListener}.
 */
class SslBundleListenerTests {

	private final SslBundleListener listener = new SslBundleListener(
			new MockEnvironment().withProperty("tcp.server.ssl.bundle", "mine"));

	private final DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();

	private final List<SslBundle> told = new ArrayList<>();

	@Test
	void whenTheBundleChangesThenTheFollowerIsToldOfThatOneOnly() {
		this.listener.registerBundles(this.registry);
		this.registry.registerBundle("mine", bundle());
		this.registry.registerBundle("other", bundle());
		this.listener.onChange(this.told::add);
		assertThat(this.told).isEmpty();
		SslBundle changed = bundle();
		this.registry.updateBundle("mine", changed);
		this.registry.updateBundle("other", bundle());
		assertThat(this.told).containsExactly(changed);
	}

	@Test
	void whenItHasChangedBeforeAnyoneFollowsThenTheFollowerIsToldOfTheLastChangeOnce() {
		this.listener.registerBundles(this.registry);
		this.registry.registerBundle("mine", bundle());
		this.registry.updateBundle("mine", bundle());
		SslBundle changed = bundle();
		this.registry.updateBundle("mine", changed);
		this.listener.onChange(this.told::add);
		assertThat(this.told).containsExactly(changed);
	}

	private static SslBundle bundle() {
		return SslBundle.of(SslStoreBundle.NONE);
	}

}
