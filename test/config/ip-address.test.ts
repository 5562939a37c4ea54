import { isIP } from "node:net";
import { expect, test } from "bun:test";
import { isIpAddress } from "../../src/config/ip-address.ts";

const ipv4 =
  "0.0.0.0 127.0.0.1 255.255.255.255 1.2.3 1.2.3.4. 1.2.3.4.5 .1.2.3.4 256.1.1.1 01.2.3.4 1.2.3.04 1..2.3 a.b.c.d 0x7f.1.1.1 1.2.3.4:80";
const ipv6 =
  ":: ::1 fe80::1 fe80::1%eth0 2001:db8::8a2e:370:7334 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7 ::1.2.3.4 ::: 1::2::3 12345::1 g::1 [::1] ::1/64 ::ffff:1.2.3.400 1:2:3:4:5:6:7:8:9 ::1]";

test.each([...ipv4.split(" "), ...ipv6.split(" "), "", "localhost", "host:80", "1.2.3.4 "])(
  "%p is an address where Node says so",
  (text) => {
    expect(isIpAddress(text)).toBe(isIP(text) !== 0);
  },
);
