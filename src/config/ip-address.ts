const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/u;
const ipv6Letters = /^[\dA-Fa-f:.]+(?:%[\w.-]+)?$/u;

/** Whether it is an IPv4 or IPv6 address and no name; node:net would tell as well, but its start takes longer than that of all of pm. */
export function isIpAddress(text: string): boolean {
  if (ipv4.test(text)) return !/(?:^|\.)0\d/u.test(text);
  return text.includes(":") && ipv6Letters.test(text) && URL.canParse(`http://[${text.replace(/%.*$/u, "")}]/`);
}
