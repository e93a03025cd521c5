package dev.parley.ops;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A block of IP addresses: those that share their first bits (CIDR, RFC 4632 §3.1), one address at the narrowest. IPv4 lies
 * in IPv6 as {@code ::ffff:0:0/96} (RFC 4291 §2.5.5.2). Immutable; never asks a name server.
 *
 * @param high the first 64 bits
 * @param low the last 64 bits
 * @param bits how many of the 128 the block's addresses share; the others are 0
 */
public record Network(long high, long low, int bits) {

    private static final int ALL = 128;
    private static final int IPV4 = 96;
    private static final long MAPPED = 0xFFFFL << 32;
    private static final Pattern DOTTED = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");
    private static final Pattern COLONS = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    /**
     * Reads an address, or a block such as {@code 10.0.0.0/8}.
     *
     * @param text the address or block, of digits, dots, colons and a slash
     * @return the block
     * @throws IllegalArgumentException if it is none
     */
    public static Network parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return address(text);
        }
        Network address = address(text.substring(0, slash));
        int offset = address.isIpv4() ? IPV4 : 0;
        int bits = offset + Integer.parseInt(text.substring(slash + 1));
        if (bits < offset || bits > ALL) {
            throw new IllegalArgumentException("no such prefix");
        }
        return address.block(bits);
    }

    static boolean isNetwork(String text) {
        try {
            parse(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * What one household or office has: an IPv4 address; or an IPv6 /64 at least, often a /56, and at most a /48 (RFC 6177 §2).
     *
     * @return the blocks of this address, the smallest first
     */
    public List<Network> sites() {
        return isIpv4() ? List.of(this) : List.of(block(64), block(56), block(48));
    }

    /**
     * Whether it holds another block.
     *
     * @param other an address or block
     * @return true if all addresses of the other are of this
     */
    public boolean contains(Network other) {
        return other.bits >= bits && other.block(bits).equals(this);
    }

    private boolean isIpv4() {
        return high == 0 && (low & ~0xFFFFFFFFL) == MAPPED && bits >= IPV4;
    }

    private Network block(int prefix) {
        return new Network(high & mask(prefix), low & mask(prefix - 64), prefix);
    }

    private static long mask(int ones) {
        return ones <= 0 ? 0 : -1L << Math.max(0, 64 - ones);
    }

    private static Network address(String text) {
        Matcher dotted = DOTTED.matcher(text);
        if (dotted.matches()) {
            long low = MAPPED >>> 32;
            for (int i = 1; i <= 4; i++) {
                int octet = Integer.parseInt(dotted.group(i));
                if (octet > 255) {
                    throw new IllegalArgumentException("no such address");
                }
                low = (low << 8) | octet;
            }
            return new Network(0, low, ALL);
        }
        if (!COLONS.matcher(text).matches()) {
            throw new IllegalArgumentException("no address");
        }
        return of(literal(text));
    }

    @SuppressWarnings("AddressSelection") // a literal: there is nothing to select from
    private static InetAddress literal(String text) {
        try {
            return InetAddress.getByName('[' + text + ']'); // in brackets it is never taken for a host name
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("no address", e);
        }
    }

    private static Network of(InetAddress address) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        return bytes.remaining() == 4
                ? new Network(0, MAPPED | (bytes.getInt() & 0xFFFFFFFFL), ALL)
                : new Network(bytes.getLong(), bytes.getLong(), ALL);
    }
}
