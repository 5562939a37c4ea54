import { systemClock } from "../../runtime/system-clock.ts";
import type { ServiceManager } from "../../surface/service-manager.ts";
import type { NotifyWish } from "../../surface/service-manager-text.ts";
import type { FarmParts } from "./parts.ts";

/** Begins to tell the service manager how the farm does. Null when there is none, or none that can be told: `onTrouble` hears why, once. */
export async function openServiceManager(
  wish: NotifyWish | null,
  { bus, supervisor }: Pick<FarmParts, "bus" | "supervisor">,
  onTrouble: (why: string) => void,
): Promise<ServiceManager | null> {
  if (wish === null) return null;
  try {
    const [{ monotonicMicroseconds, NotifySocket }, surface] = await Promise.all([
      import("../../system/notify-socket.ts"),
      import("../../surface/service-manager.ts"),
    ]);
    const socket = new NotifySocket(wish.socket);
    let told = false;
    const send = (text: string): boolean => {
      const sent = socket.send(text);
      if (sent.ok) return true;
      if (sent.busy) return false;
      if (!told) onTrouble(sent.why);
      told = true;
      return true; // what can never be handed over is done with
    };
    const ports = { clock: systemClock, monotonicMicroseconds, snapshot: () => supervisor.snapshot(), send };
    const manager = new surface.ServiceManager(ports, wish.watchdogMs);
    bus.listen((event) => manager.record(event));
    return manager;
  } catch (error) {
    onTrouble(error instanceof Error ? error.message : String(error));
    return null;
  }
}
