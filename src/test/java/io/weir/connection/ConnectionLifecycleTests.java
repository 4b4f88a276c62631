package io.weir.connection;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ConnectionLifecycle}.
 */
class ConnectionLifecycleTests {

	private ConnectionLifecycle lifecycle = new ConnectionLifecycle(false);

	@BeforeEach
	void begin() {
		this.lifecycle = new ConnectionLifecycle(false);
	}

	@Test
	void whenItHasLayersThenItIsHandshakingUntilTheyAreDone() throws Exception {
		ConnectionLifecycle layered = new ConnectionLifecycle(true);
		assertThat(layered.shown()).isEqualTo(ConnectionState.HANDSHAKING);
		assertThat(layered.isInLayers()).isTrue();
		assertThat(layered.isComputing()).isFalse();
		layered.layersDone();
		assertThat(layered.shown()).isEqualTo(ConnectionState.READING);
		assertThat(layered.isComputing()).isTrue();
	}

	@Test
	void whenItEndsInALayerThenThatIsKnown() {
		ConnectionLifecycle layered = new ConnectionLifecycle(true);
		assertThat(layered.endedInLayers()).isFalse();
		assertThat(layered.endBetweenExchanges(CloseReason.DRAINED)).isTrue();
		assertThat(layered.endedInLayers()).isTrue();
		assertThat(layered.isInLayers()).isFalse();
		assertThatExceptionOfType(ConnectionEndedException.class).isThrownBy(layered::layersDone);
	}

	@Test
	void whenItWaitsForTheFirstByteOfAnExchangeThenItCanBeDrained() throws Exception {
		assertThat(this.lifecycle.endBetweenExchanges(CloseReason.DRAINED)).isFalse();
		this.lifecycle.beginRead();
		assertThat(this.lifecycle.isReading()).isTrue();
		assertThat(this.lifecycle.isInExchange()).isFalse();
		assertThat(this.lifecycle.endBetweenExchanges(CloseReason.DRAINED)).isTrue();
		assertThat(this.lifecycle.reason()).isEqualTo(CloseReason.DRAINED);
		assertThatExceptionOfType(ConnectionEndedException.class).isThrownBy(() -> this.lifecycle.endRead(true));
	}

	@Test
	void whenItWaitsInsideAnExchangeThenItCanNotBeDrained() throws Exception {
		this.lifecycle.beginRead();
		this.lifecycle.endRead(true);
		this.lifecycle.beginRead();
		assertThat(this.lifecycle.isInExchange()).isTrue();
		assertThat(this.lifecycle.endBetweenExchanges(CloseReason.DRAINED)).isFalse();
		this.lifecycle.exchangeDone();
		assertThat(this.lifecycle.endBetweenExchanges(CloseReason.DRAINED)).isTrue();
	}

	@Test
	void whenItIsOverdueThenItsOwnThreadIsToEndItAtTheNextReadBetweenTwoExchanges() throws Exception {
		assertThat(this.lifecycle.beginRead()).isTrue();
		this.lifecycle.endRead(true);
		this.lifecycle.markOverdue();
		assertThat(this.lifecycle.beginRead()).isTrue();
		this.lifecycle.endRead(true);
		this.lifecycle.beginWrite();
		this.lifecycle.endWrite();
		assertThat(this.lifecycle.beginRead()).isFalse();
		assertThat(this.lifecycle.end(CloseReason.MAX_AGE)).isTrue();
		assertThat(this.lifecycle.reason()).isEqualTo(CloseReason.MAX_AGE);
	}

	@Test
	void whenItWritesThenTheExchangeIsOver() throws Exception {
		exchangeOf(() -> {
		});
		assertThat(this.lifecycle.isInExchange()).isFalse();
	}

	@Test
	void whenAnExchangeWasBegunThenAWriteDoesNotEndItUntilItIsDone() throws Exception {
		exchangeOf(this.lifecycle::exchangeBegins);
		assertThat(this.lifecycle.isInExchange()).isTrue();
		this.lifecycle.exchangeDone();
		assertThat(this.lifecycle.isInExchange()).isFalse();
		exchangeOf(() -> {
		});
		assertThat(this.lifecycle.isInExchange()).isFalse();
	}

	private void exchangeOf(Runnable afterRead) throws ConnectionEndedException {
		this.lifecycle.beginRead();
		this.lifecycle.endRead(true);
		afterRead.run();
		this.lifecycle.beginWrite();
		assertThat(this.lifecycle.shown()).isEqualTo(ConnectionState.WRITING);
		this.lifecycle.endWrite();
	}

	@Test
	void whenOneThreadReadsAndOneWritesThenBothAreSeenAndItIsNotIdle() throws Exception {
		this.lifecycle.beginRead();
		this.lifecycle.beginWrite();
		assertThat(this.lifecycle.isWriting()).isTrue();
		assertThat(this.lifecycle.isReading()).isFalse();
		assertThat(this.lifecycle.endBetweenExchanges(CloseReason.DRAINED)).isFalse();
		this.lifecycle.endWrite();
		assertThat(this.lifecycle.isReading()).isTrue();
	}

	@Test
	void whenTwoThreadsReadOrTwoWriteThenTheSecondGetsAnError() throws Exception {
		this.lifecycle.beginRead();
		assertThatIllegalStateException().isThrownBy(this.lifecycle::beginRead).withMessageContaining("one thread may");
		this.lifecycle.beginWrite();
		assertThatIllegalStateException().isThrownBy(this.lifecycle::beginWrite);
		this.lifecycle.endRead(false);
		this.lifecycle.beginRead();
	}

	@ParameterizedTest
	@EnumSource
	void whenItEndsThenTheFirstReasonStays(CloseReason reason) {
		assertThat(this.lifecycle.reason()).isNull();
		assertThat(this.lifecycle.end(reason)).isTrue();
		assertThat(this.lifecycle.end(CloseReason.IO_ERROR)).isFalse();
		assertThat(this.lifecycle.reason()).isEqualTo(reason);
		assertThat(this.lifecycle.shown()).isEqualTo(ConnectionState.CLOSING);
		assertThatExceptionOfType(ConnectionEndedException.class).isThrownBy(this.lifecycle::beginRead);
		assertThatExceptionOfType(ConnectionEndedException.class).isThrownBy(this.lifecycle::beginWrite);
	}

	@Test
	void whenItEndsInsideAnExchangeThenThatStaysKnownAndMoreCanBeSaidOfTheEnd() throws Exception {
		this.lifecycle.beginRead();
		this.lifecycle.endRead(true);
		this.lifecycle.end(CloseReason.END_OF_STREAM);
		assertThat(this.lifecycle.isInExchange()).isTrue();
		this.lifecycle.endedBy(CloseReason.IO_ERROR);
		assertThat(this.lifecycle.reason()).isEqualTo(CloseReason.END_OF_STREAM);
		this.lifecycle.endedBy(CloseReason.PARTIAL_RECORD);
		assertThat(this.lifecycle.reason()).isEqualTo(CloseReason.PARTIAL_RECORD);
		assertThat(this.lifecycle.isInExchange()).isTrue();
	}

	@Test
	void whenTheServerHasEndedItThenWhatTheHandlerMakesOfThatChangesNothing() {
		this.lifecycle.end(CloseReason.DRAINED);
		this.lifecycle.endedBy(CloseReason.HANDLER_ERROR);
		this.lifecycle.endedBy(CloseReason.PARTIAL_RECORD);
		assertThat(this.lifecycle.reason()).isEqualTo(CloseReason.DRAINED);
	}

	@Test
	void whenAReadFailsInTheCallersHandsThenTheNextOneIsNotTakenForASecondReader() throws Exception {
		this.lifecycle.beginRead();
		this.lifecycle.abandonRead();
		this.lifecycle.beginRead();
		this.lifecycle.beginWrite();
		this.lifecycle.abandonWrite();
		this.lifecycle.beginWrite();
		assertThat(this.lifecycle.isWriting()).isTrue();
	}

}
