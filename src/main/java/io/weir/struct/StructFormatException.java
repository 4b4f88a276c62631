package io.weir.struct;

/**
 * Says that a {@code struct} format is bad, or that a value or a buffer does not fit one.
 * <p>
 * The message names the format's text, where in it the trouble is (when there is such a
 * place) and the reason: {@code bad struct format '! I 2z': position 5: unknown code 'z'}
 * for a format that cannot be parsed,
 * {@code struct format '! I': position 2: value 0: 'I' requires 0 <= number <= 4294967295, not -1}
 * for a value. It plays the part of Python's {@code struct.error}, and of the
 * {@code OverflowError} and {@code UnicodeEncodeError} that CPython throws in the same
 * places.
 */
public final class StructFormatException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String format;

	private final int position;

	private StructFormatException(String message, String format, int position) {
		super(message);
		this.format = format;
		this.position = position;
	}

	/**
	 * The format's text does not parse.
	 * @param format the whole text
	 * @param position where in it the trouble starts, from 0
	 * @param reason what is wrong there
	 * @return the exception to throw
	 */
	static StructFormatException bad(String format, int position, String reason) {
		return new StructFormatException(
				"bad struct format " + PythonRepr.ofText(format) + ": position " + position + ": " + reason, format,
				position);
	}

	/**
	 * The format is good, but not what was given to it as a whole.
	 * @param format the format's text
	 * @param reason what is wrong
	 * @return the exception to throw
	 */
	static StructFormatException refused(String format, String reason) {
		return new StructFormatException("struct format " + PythonRepr.ofText(format) + ": " + reason, format, -1);
	}

	/**
	 * The format is good, but not one of the values given to it.
	 * @param format the format's text
	 * @param position where in it the code stands that the value is for, from 0
	 * @param value the value's number, from 0
	 * @param reason what is wrong with it
	 * @return the exception to throw
	 */
	static StructFormatException refused(String format, int position, int value, String reason) {
		return new StructFormatException("struct format " + PythonRepr.ofText(format) + ": position " + position
				+ ": value " + value + ": " + reason, format, position);
	}

	/**
	 * The text of the format, as it was given.
	 * @return the text, neither escaped nor trimmed
	 */
	public String format() {
		return this.format;
	}

	/**
	 * The place in {@link #format()} that the exception is about.
	 * @return an index into the text, from 0, or -1 when it is about the format as a
	 * whole
	 */
	public int position() {
		return this.position;
	}

}
