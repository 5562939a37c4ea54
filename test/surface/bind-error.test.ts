import { expect, test } from "bun:test";
import { explainBindError, hostAndPort } from "../../src/surface/bind-error.ts";

const failure = (code: string): Error => Object.assign(new Error(`${code}: as the system says\nand more`), { code });

test.each([
  [
    "EADDRINUSE",
    "http_server: cannot listen on 127.0.0.1:9100: the port is in use; stop the other program or set http_server.port (0 takes a free one)",
  ],
  [
    "EACCES",
    "http_server: cannot listen on 127.0.0.1:9100: no permission; set http_server.port to 1024 or more, or give pm CAP_NET_BIND_SERVICE",
  ],
  [
    "EADDRNOTAVAIL",
    "http_server: cannot listen on 127.0.0.1:9100: this machine has no such address; set http_server.host to one it has, 127.0.0.1 for instance",
  ],
  [
    "EAFNOSUPPORT",
    "http_server: cannot listen on 127.0.0.1:9100: this machine has no IPv6; set http_server.host to an IPv4 address",
  ],
  ["EMFILE", "http_server: cannot listen on 127.0.0.1:9100: no file descriptor is free; raise the limit of open files"],
  [
    "EINVAL",
    'http_server.host: "127.0.0.1" is not an address or a known name; use 127.0.0.1, 0.0.0.0 or ::1, for instance',
  ],
  ["EWHATEVER", "http_server: cannot listen on 127.0.0.1:9100: EWHATEVER: as the system says"],
])("%s is told on one line with what to do", (code, message) => {
  expect(explainBindError(failure(code), "127.0.0.1", 9100)).toBe(message);
});

test("a thrown value that is no error is told as it is", () => {
  expect(explainBindError("odd", "::1", 9100)).toBe("http_server: cannot listen on [::1]:9100: odd");
});

test.each([
  ["127.0.0.1", "127.0.0.1:80"],
  ["localhost", "localhost:80"],
  ["::1", "[::1]:80"],
])("the host %s is written %s", (host, text) => {
  expect(hostAndPort(host, 80)).toBe(text);
});
