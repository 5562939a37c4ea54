import { hostname } from "node:os";
import type { Host } from "../../runtime/host.ts";
import { IntakeTurns } from "../../runtime/intake/intake-turns.ts";
import type { Supervisor } from "../../runtime/supervisor.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import { connectToServer } from "../../runtime/tasks/fastcgi-child-lane.ts";
import { taskDesk } from "../../runtime/tasks/task-desk.ts";
import type { TaskHost } from "../../runtime/tasks/task-ports.ts";

/** What the tasks of a running farm have of the world. `file` is the absolute path of the pm.yaml. */
export function createTaskHost(
  file: string,
  emit: Host["emit"],
  farm: () => Supervisor,
): { readonly host: TaskHost; readonly endIntakes: () => Promise<unknown> } {
  const node = `${hostname()}:${file}`;
  const turns = new IntakeTurns();
  const host: TaskHost = {
    desk: taskDesk(farm),
    connect: (address, spec, owner) => connectToServer(address, spec, owner, systemClock),
    openIntake(spec, source, inlet) {
      const notice = (level: "debug" | "info" | "warning" | "error", message: string, context: object): void => {
        if (level !== "debug") emit({ type: "notice", level, message, context: { consumer: spec.name, ...context } });
      };
      const place = JSON.stringify([spec.name, source.url, source.shape.key]);
      return turns.open(place, async () => {
        const { openIntake } = await import("../../runtime/intake/intake.ts"); // few farms have one
        return openIntake(spec.name, source, inlet, { clock: systemClock, node, notice });
      });
    },
  };
  return { host, endIntakes: () => turns.end() };
}
