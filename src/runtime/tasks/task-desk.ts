import type { Supervisor } from "../supervisor.ts";
import { unknownConsumer } from "../unknown-target.ts";
import type { TaskDesk } from "./task-ports.ts";

/** Where tasks are handed to the consumers of a farm. */
export function taskDesk(farm: () => Pick<Supervisor, "consumer" | "consumers">): TaskDesk {
  return {
    pool(name) {
      const consumer = farm().consumer(name);
      if (consumer === undefined) {
        return { problem: "unknown_consumer", message: unknownConsumer(name, farm().consumers).message };
      }
      const why = `${name} takes no tasks: its workers fetch their own work; give it tasks: in pm.yaml`;
      return consumer.taskPool() ?? { problem: "takes_no_tasks", message: why };
    },
  };
}
