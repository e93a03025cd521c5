package dev.parley.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Validates UTF-8 that arrives in pieces. The JDK's decoder reports some errors a byte later (ED A0). */
final class Utf8 {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long NOT_ASCII = 0x8080808080808080L;

    private Utf8() {}

    /** The end of the last complete character, or -1 if no UTF-8 begins like this (The Unicode Standard, table 3-7). */
    static int whole(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
            if (at <= to - 8 && ((long) LONG.get(bytes, at) & NOT_ASCII) == 0) {
                at += 8;
                continue;
            }
            int first = bytes[at] & 0xff;
            if ((first >= 0x80 && first < 0xc2) || first > 0xf4) {
                return -1;
            }
            int length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
            for (int i = 1; i < length; i++) {
                if (at + i == to) {
                    return at;
                }
                int next = bytes[at + i] & 0xff;
                int least = i > 1 ? 0x80 : first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
                int most = i > 1 ? 0xbf : first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
                if (next < least || next > most) {
                    return -1;
                }
            }
            at += length;
        }
        return at;
    }
}
