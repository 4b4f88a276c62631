package io.weir.monitor;

import java.time.Instant;

/**
 * Why a connection is slow, by the kernel's figures of it.
 *
 * @param cause why
 * @param evidence the figures, as {@code ss -ti} shows them at the same moment
 * @param remedy what to do, beginning with the side that can do it
 * @param since when it was first seen to be so
 */
public record Diagnosis(Cause cause, String evidence, String remedy, Instant since) {
}
