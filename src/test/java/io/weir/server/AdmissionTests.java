package io.weir.server;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.weir.connection.Slot;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Admission}.
 */
class AdmissionTests {

	private final Admission admission = new Admission(1, AdmissionRules.NONE);

	@Test
	void whenAllPlacesAreTakenThenThereIsNoneUntilOneIsGivenBack() {
		Slot slot = Objects.requireNonNull(this.admission.tryAcquire());
		assertThat(this.admission.tryAcquire()).isNull();
		slot.close();
		assertThat(this.admission.taken()).isZero();
		assertThat(this.admission.tryAcquire()).isNotNull();
	}

	@Test
	void whenAPlaceIsGivenBackTwiceThenItIsFreeOnce() {
		Slot slot = Objects.requireNonNull(this.admission.tryAcquire());
		slot.close();
		Slot next = this.admission.tryAcquire();
		slot.close();
		assertThat(next).isNotNull();
		assertThat(this.admission.tryAcquire()).isNull();
		assertThat(this.admission.taken()).isEqualTo(1);
	}

	@Test
	void whenAPlaceComesFreeThenWhoWaitsHasIt() throws Exception {
		Slot slot = Objects.requireNonNull(this.admission.tryAcquire());
		CompletableFuture<Boolean> waiting = waiting(0);
		slot.close();
		assertThat(waiting.get(5, TimeUnit.SECONDS)).isTrue();
		assertThat(this.admission.taken()).isEqualTo(1);
	}

	@Test
	void whenWokenUpOrTheTimeIsOverThenThereIsNone() throws Exception {
		this.admission.tryAcquire();
		CompletableFuture<Boolean> waiting = waiting(0);
		this.admission.wakeUp();
		assertThat(waiting.get(5, TimeUnit.SECONDS)).isFalse();
		assertThat(this.admission.acquire(20)).isNull();
		this.admission.wakeUp();
		assertThat(this.admission.acquire(0)).isNull();
	}

	private CompletableFuture<Boolean> waiting(long millis) {
		return CompletableFuture.supplyAsync(() -> {
			try {
				return this.admission.acquire(millis) != null;
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		});
	}

}
