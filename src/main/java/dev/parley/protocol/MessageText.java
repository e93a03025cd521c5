package dev.parley.protocol;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The rule for the text of a room's message, whichever way it comes in: no control characters but tab and line breaks (LF, CR or
 * both), no half of a surrogate pair. A text that keeps the rule is stored and passed on unchanged.
 */
public final class MessageText {

    private static final Pattern LINE_BREAK = Pattern.compile("\\R");

    private MessageText() {}

    /**
     * Says what is wrong with a text.
     *
     * @param text what is to be published
     * @return words that follow the name of the text, null if it keeps the rule
     */
    public static @Nullable String problem(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) && c != '\t' && c != '\n' && c != '\r') {
                return "holds a control character other than tab and line breaks";
            }
        }
        return isWellFormed(text) ? null : "holds half a surrogate pair";
    }

    /** Whether a text can be written in UTF-8. */
    static boolean isWellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    /**
     * A text as clients of the plain chat read it. Each line after the first starts with a tab, which no name does, so no text
     * can look like a line of somebody else or of the server. A text of one line is unchanged.
     *
     * @param text a text that keeps the rule
     * @return the same with a line feed and a tab for each line break
     */
    public static String indentLines(String text) {
        return isOneLine(text) ? text : LINE_BREAK.matcher(text).replaceAll("\n\t");
    }

    private static boolean isOneLine(String text) {
        return text.indexOf('\n') < 0
                && text.indexOf('\r') < 0
                && text.indexOf('\u2028') < 0
                && text.indexOf('\u2029') < 0;
    }
}
