package dev.parley.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkTest {

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,10.255.1.2",
        "10.1.2.3,10.1.2.3",
        "10.1.2.3/32,10.1.2.3",
        "192.168.128.0/17,192.168.200.1",
        "0.0.0.0/0,203.0.113.9",
        "10.9.9.9/8,10.1.1.1",
        "10.0.0.0/8,::ffff:10.1.2.3",
        "2001:db8::/32,2001:db8:ffff::1",
        "2001:db8::/65,2001:db8::7fff:0:0:1",
        "::1,0:0:0:0:0:0:0:1",
        "::/0,10.0.0.1"
    })
    void aBlockContainsItsAddresses(String block, String address) {
        assertThat(Network.parse(block).contains(Network.parse(address))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,11.0.0.1",
        "10.1.2.3,10.1.2.4",
        "192.168.128.0/17,192.168.127.255",
        "0.0.0.0/0,2001:db8::1",
        "2001:db8::/32,2001:db9::1",
        "2001:db8::/65,2001:db8::8000:0:0:1",
        "127.0.0.1,::1"
    })
    void aBlockContainsNoOther(String block, String address) {
        assertThat(Network.parse(block).contains(Network.parse(address))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "example.org",
                "10.0.0",
                "10.0.0.256",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/",
                "10.0.0.0/x",
                "1.2.3.4.5",
                "::g",
                ":::",
                "1:2:3:4:5:6:7:8:9",
                "::/129",
                "fe80::1%eth0",
                "[::1]",
                "0x7f.1",
                "2130706433",
                "unknown",
                " 10.0.0.1"
            })
    void anythingElseIsRefusedWithoutAskingANameServer(String text) {
        assertThat(Network.isNetwork(text)).isFalse();
        assertThatThrownBy(() -> Network.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1,192.0.2.1,true",
        "192.0.2.1,192.0.2.2,false",
        "192.0.2.1,::ffff:192.0.2.1,true",
        "2001:db8:0:1::1,2001:db8:0:1:ffff::2,true",
        "2001:db8:0:1::1,2001:db8:0:2::1,false"
    })
    void aSiteIsAnIpv4AddressOrAnIpv6Slash64(String one, String other, boolean same) {
        assertThat(Network.parse(one)
                        .sites()
                        .get(0)
                        .equals(Network.parse(other).sites().get(0)))
                .isEqualTo(same);
    }
}
