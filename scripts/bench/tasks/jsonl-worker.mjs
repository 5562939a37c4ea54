import double from "./handler.mjs";

const { serveTasks } = await import(process.env.PM_BENCH_CLIENT);
await serveTasks(double);
