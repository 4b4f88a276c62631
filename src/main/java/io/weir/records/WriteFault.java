package io.weir.records;

import java.time.Duration;

/**
 * Why records can't be written now.
 *
 * @param output the file, standard output, or a sink of the user's
 * @param reason the failure's text
 * @param lasting since when nothing could be written
 */
public record WriteFault(String output, String reason, Duration lasting) {
}
