import { isIpAddress } from "./ip-address.ts";
import type { Kind } from "./kind.ts";
import { text } from "./scalars.ts";

/** An address to listen on; `portKey` is where a port behind it belongs. */
export function host(portKey: string): Kind<string> {
  return text({
    expected: "an IP address or a host name",
    problem(value) {
      if (isIpAddress(value) || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/u.test(value)) return null;
      if (value === "*" || value === "") return "must be an IP address or a host name; write 0.0.0.0 for all addresses";
      if (/^\[.*\]$/u.test(value)) return "must be an IP address or a host name; remove the brackets";
      return /:\d+$/u.test(value)
        ? `must be an IP address or a host name alone; the number behind the colon goes to ${portKey}`
        : "must be an IP address or a host name; write one, such as 127.0.0.1";
    },
  });
}
