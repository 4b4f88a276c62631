package io.weir.config;

import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/**
 * Is told of each change of the bundle before Spring's web server is, if that has the
 * same one: its handler throws where a file is broken, and no handler after it is called.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class SslBundleListener implements SslBundleRegistrar {

	private final @Nullable String bundle;

	// Guarded by this, as is the next
	private @Nullable Consumer<SslBundle> consumer;

	private @Nullable SslBundle missed;

	SslBundleListener(Environment environment) {
		this.bundle = environment.getProperty("tcp.server.ssl.bundle");
	}

	@Override
	public void registerBundles(SslBundleRegistry registry) {
		if (registry instanceof SslBundles bundles) {
			bundles.addBundleRegisterHandler((name, registered) -> {
				if (name.equals(this.bundle)) {
					bundles.addBundleUpdateHandler(name, this::changed);
				}
			});
		}
	}

	private synchronized void changed(SslBundle changed) {
		if (this.consumer != null) {
			this.consumer.accept(changed);
		}
		else {
			this.missed = changed;
		}
	}

	/**
	 * Sets who is told; at once, if the bundle has changed before.
	 * @param consumer does not throw
	 */
	synchronized void onChange(Consumer<SslBundle> consumer) {
		this.consumer = consumer;
		if (this.missed != null) {
			consumer.accept(this.missed);
			this.missed = null;
		}
	}

}
