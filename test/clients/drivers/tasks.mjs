// A task worker for tasks.test.ts: the payload says what to do. Arguments: the client's file.
const { serveTasks } = await import(process.argv[2]);

class DomainException extends Error {}

const deeds = {
  echo: ({ value }) => value,
  nothing() {},
  gate: ({ value }, task) => task.call("gate", value, { timeoutSeconds: 2.5 }),
  async untilCancelled(_, task) {
    await task.call("gate", null);
    if (!task.signal.aborted) await new Promise((resolve) => task.signal.addEventListener("abort", resolve));
    return "broken off";
  },
  async reason({ value }, task) {
    try {
      return await task.call("gate", value);
    } catch (error) {
      return [error.code, error.message, error.details];
    }
  },
  fail() {
    throw new DomainException('no "ü"');
  },
  failForGood() {
    throw Object.assign(new DomainException("never"), { retry: false });
  },
  unwritable: () => 5n,
  print() {
    console.log("printed");
    process.stdout.write("written\n");
    return "done";
  },
  exit: () => process.exit(3),
};

await serveTasks((payload, task) => deeds[payload.do](payload, task));
console.error("served");
