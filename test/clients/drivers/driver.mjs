// Runs the Node client for clients.test.ts: one call a line of stdin, its result a line of stdout. Arguments: the client's file.
import { createInterface } from "node:readline";

const { PmClient } = await import(process.argv[2]);
const pm = new PmClient();

class DomainException extends Error {}

const own = {
  burst(count) {
    for (let i = 0; i < count; i++) {
      pm.received("async", "App\\Burst", String(i));
      pm.handled("async", "App\\Burst", String(i));
    }
  },
  untilStop: () =>
    pm.stopSignal.aborted || new Promise((resolve) => pm.stopSignal.addEventListener("abort", () => resolve(true))),
  work: (transport, name) => pm.message(transport, name, () => "done"),
  fail: (transport, name) =>
    pm
      .message(transport, name, async () => {
        throw new DomainException("no");
      })
      .catch((error) => `thrown: ${error.message}`),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { call, args } = JSON.parse(line);
  const result = own[call] === undefined ? pm[call](...args) : await own[call](...args);
  console.log(JSON.stringify(result ?? null));
}
